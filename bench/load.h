// A load on one server from one thread: closed (each connection sends its next batch when the last is answered) or open
// (batches leave at a fixed rate whether or not the server keeps up, and latency counts from the intended moment, so that
// a stall is not hidden by the generator waiting for it).
// Threads: one. Owns: its connections and their buffers.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "histogram.h"
#include "request_template.h"

namespace tusk::bench {

struct LoadOptions {
  std::string host = "127.0.0.1";
  int port = 6379;
  int connections = 50;
  int pipeline = 1;
  double seconds = 3;
  uint64_t requests = 0;       // Stop after so many instead of after `seconds`, when not 0.
  double requests_per_s = 0;   // Open loop at this rate, when not 0.
  uint64_t keys = 1'000'000;   // Key numbers are drawn below this ...
  bool sequential = false;     // ... or counted up from `first_key`.
  uint64_t first_key = 0;
  uint64_t seed = 1;
  std::vector<RequestTemplate> templates;  // Sent in turn.
};

struct LoadResult {
  uint64_t requests = 0;
  double seconds = 0;
  double own_cpu_s = 0;
  uint64_t errors = 0;
  uint64_t nulls = 0;
  std::string first_error;
  Histogram latency_ns;  // Of a batch; counted once per request in it.
};

// Blocks until the load is done. The error says what the socket did.
std::expected<LoadResult, std::string> RunLoad(const LoadOptions& options);

}  // namespace tusk::bench
