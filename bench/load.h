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

// Connections that send the same. A connection sends the templates in turn, beginning with the first.
struct LoadGroup {
  int connections = 50;
  // Sends its templates once, before the others begin, and then only reads: subscribers, or idle connections with nothing to
  // send. What it is sent afterwards is counted as pushes.
  bool listens = false;
  // A new connection per batch, opened and closed within the batch's latency.
  bool reconnects = false;
  std::vector<RequestTemplate> templates;
};

struct LoadOptions {
  std::string host = "127.0.0.1";
  int port = 6379;
  Protocol protocol = Protocol::kResp;
  int pipeline = 1;
  double seconds = 3;
  uint64_t requests = 0;       // Stop after so many instead of after `seconds`, when not 0.
  double requests_per_s = 0;   // Open loop at this rate, when not 0.
  uint64_t keys = 1'000'000;   // Key numbers are drawn below this ...
  double zipf_exponent = 0;    // ... evenly, or when not 0 by Zipf's law with this exponent (below 1) ...
  bool sequential = false;     // ... or counted up from `first_key`.
  uint64_t first_key = 0;
  uint64_t seed = 1;
  // At the end leaves what is unanswered: commands that wait for others that are not sent any more.
  bool abandons = false;
  std::vector<LoadGroup> groups;
};

struct LoadResult {
  uint64_t requests = 0;
  uint64_t pushes = 0;
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
