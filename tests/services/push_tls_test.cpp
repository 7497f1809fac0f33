// Sinks over TLS: what is pushed arrives, and only with whoever can prove to be whom the URL names.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cstdio>
#include <cstdlib>

#include "tests/services/push_told.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

// A certificate that signs itself, and its key, in one file.
std::string certificate(const TemporaryFolder& folder, const std::string& names) {
  const std::string file = folder.path() + "/" + std::to_string(std::hash<std::string>{}(names)) + ".pem";
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* made = X509_new();
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), static_cast<long>(std::hash<std::string>{}(names) % 1'000'000));
  X509_gmtime_adj(X509_getm_notBefore(made), -3'600);
  X509_gmtime_adj(X509_getm_notAfter(made), 3'600);
  X509_set_pubkey(made, key);
  const std::string subject = "Tenure test " + names;
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
  X509_set_issuer_name(made, X509_get_subject_name(made));
  X509_EXTENSION* more = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(made, more, -1);
  X509_sign(made, key, EVP_sha256());
  std::FILE* out = std::fopen(file.c_str(), "w");
  PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_X509(out, made);
  std::fclose(out);
  X509_EXTENSION_free(more);
  X509_free(made);
  EVP_PKEY_free(key);
  return file;
}

// Takes bytes over TLS: the bodies of POSTs, or whatever comes.
class TlsTaker final : public Listener {
 public:
  TlsTaker(const std::string& file, bool speaks_http) : speaks_http_(speaks_http) {
    context_.use_certificate_file(file, asio::ssl::context::pem);
    context_.use_private_key_file(file, asio::ssl::context::pem);
    start();
  }
  ~TlsTaker() override { stop(); }
  std::string bytes() const {
    const std::lock_guard lock(taking_);
    return bytes_;
  }

 private:
  void take(std::string_view bytes) {
    {
      const std::lock_guard lock(taking_);
      bytes_ += bytes;
    }
    changed();
  }

  void serve(int connection) override {
    asio::io_context io;
    asio::ssl::stream<asio::ip::tcp::socket> stream(io, context_);
    stream.next_layer().assign(asio::ip::tcp::v4(), ::dup(connection));
    error_code error;
    stream.handshake(asio::ssl::stream_base::server, error);
    boost::beast::flat_buffer buffer;
    while (!error && !stopping()) {
      if (!speaks_http_) {
        char some[4'096];
        const std::size_t count = stream.read_some(asio::buffer(some), error);
        take({some, count});
        continue;
      }
      http::request<http::string_body> request;
      http::read(stream, buffer, request, error);
      if (error) return;
      take(request.body());
      http::response<http::string_body> response(http::status::ok, 11);
      response.prepare_payload();
      http::write(stream, response, error);
    }
  }

  asio::ssl::context context_{asio::ssl::context::tls_server};
  const bool speaks_http_;
  mutable std::mutex taking_;
  std::string bytes_;
};

}  // namespace

TEST_CASE("a sink over TLS delivers to whoever proves to be whom its URL names, and to nobody else") {
  const TemporaryFolder folder;
  const std::string known = certificate(folder, "DNS:localhost,IP:127.0.0.1");
  ::setenv("SSL_CERT_FILE", known.c_str(), 1);
  RunningProgram program({.demo = true, .push_times = quick()});
  {
    TlsTaker http(known, true), syslog(known, false);
    for (const char* host : {"127.0.0.1", "localhost"}) {
      const std::string name(host);
      make_sink(program, sink_wish("http-" + name, "ndjson", "https://" + name + ":" + std::to_string(http.port())));
      make_sink(program, sink_wish("syslog-" + name, "syslog", "tls://" + name + ":" + std::to_string(syslog.port())));
      for (const std::string kind : {"http-", "syslog-"}) {
        const json now = delivered(program, kind + name);
        INFO(now.dump());
        CHECK(now.at("lag_events") == 0);
        CHECK(now.at("state") == "running");
      }
    }
    const auto expected = feed_messages(program);
    std::string lines;
    for (const auto& line : expected) lines += line + "\n";
    CHECK(http.bytes().find(lines.substr(0, lines.size() / 2)) != std::string::npos);
    CHECK(syslog.bytes().find(" tenure - org.created [tenure@32473 ") != std::string::npos);
  }
  const std::string elsewhere = certificate(folder, "DNS:elsewhere.test"),
                    stranger = certificate(folder, "IP:127.0.0.1");
  int count = 0;
  for (const std::string& file : {elsewhere, stranger}) {
    // One is trusted and somebody else; the other has the right name and is not trusted.
    if (file == elsewhere) ::setenv("SSL_CERT_FILE", elsewhere.c_str(), 1);
    if (file == stranger) ::setenv("SSL_CERT_FILE", known.c_str(), 1);
    TlsTaker taker(file, true);
    const std::string name = "no" + std::to_string(count++);
    make_sink(program, sink_wish(name, "ndjson", "https://127.0.0.1:" + std::to_string(taker.port())));
    for (int i = 0; i < 5'000 && sink(program, name).at("attempts") < 2; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const json now = sink(program, name);
    INFO(now.dump());
    CHECK(now.at("error").get<std::string>().find("certificate verify failed") != std::string::npos);
    CHECK(now.at("delivered") == 0);
    CHECK(taker.bytes().empty());
  }
  ::unsetenv("SSL_CERT_FILE");
}
