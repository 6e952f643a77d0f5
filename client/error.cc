#include "tusk/error.h"

namespace tusk {

// Here, so that each type's table and name lie in this library once.
Error::~Error() = default;
SyntaxError::~SyntaxError() = default;
DepthError::~DepthError() = default;
KindError::~KindError() = default;
NotFoundError::~NotFoundError() = default;
EncodingError::~EncodingError() = default;

}  // namespace tusk
