// Stores a nested value on a Tusk server and reads it back, over a plain socket: document_example HOST PORT
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <tusk/document.h>

using tusk::Document;

namespace {

class Connection {
 public:
  Connection(const char* host, const char* port) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host, port, &hints, &found) != 0) throw std::runtime_error("no such host");
    for (addrinfo* at = found; at && socket_ < 0; at = at->ai_next) {
      socket_ = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
      if (connect(socket_, at->ai_addr, at->ai_addrlen) == 0) break;
      close(socket_);
      socket_ = -1;
    }
    freeaddrinfo(found);
    if (socket_ < 0) throw std::runtime_error("no server there");
  }
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // A request is an array; what it holds besides texts and integers goes over the wire as what it is.
  Document Call(const Document::Array& request) {
    const std::string bytes = Document(request).to_resp();
    for (size_t sent = 0; sent < bytes.size();) {
      const ssize_t n = send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) throw std::runtime_error("the connection is lost");
      sent += static_cast<size_t>(n);
    }
    while (true) {
      std::string_view input = input_;
      if (auto reply = Document::take_resp(input)) {
        input_.erase(0, input_.size() - input.size());
        if (reply->kind() == Document::Kind::kError) throw std::runtime_error(reply->as_error());
        return *std::move(reply);
      }
      char buffer[16384];
      const ssize_t n = recv(socket_, buffer, sizeof(buffer), 0);
      if (n <= 0) throw std::runtime_error("the connection is lost");
      input_.append(buffer, static_cast<size_t>(n));
    }
  }

 private:
  int socket_ = -1;
  std::string input_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
    return 2;
  }
  try {
    Connection server(argv[1], argv[2]);
    server.Call({"HELLO", "3"});

    const Document ada = Document::Map{{"name", "Ada"},
                                       {"born", 1815},
                                       {"tags", Document::Set{"poet", "engineer"}},
                                       {"letters", Document::Array{Document::Map{{"to", "Babbage"}, {"pages", 2.5}}, nullptr}}};
    server.Call({"SET", "example:ada", ada});
    if (server.Call({"GET", "example:ada"}) != ada) throw std::runtime_error("something else came back");

    server.Call({"JSON.NUMINCRBY", "example:ada", "$.letters[0].pages", "1"});
    const Document changed = server.Call({"GET", "example:ada"});
    std::printf("%s\n", changed.to_json({.indent = "  ", .newline = "\n", .space = " "}).c_str());
    std::printf("%s has %zu tags; the first letter has %g pages\n", changed["name"].as_text().c_str(), changed["tags"].size(),
                changed["letters"][0]["pages"].as_double());
    server.Call({"DEL", "example:ada"});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
