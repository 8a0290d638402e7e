// TLS settings as the Collector's configuration has them (configtls), for servers and clients.
// pipeline/settings.h reads them from a configuration.
#pragma once

#include <string>

namespace kolben::net {

struct TlsServerSettings {
  bool enabled = false;
  std::string cert_file, key_file;  // PEM; or the text itself in the *_pem fields
  std::string cert_pem, key_pem;
  std::string client_ca_file;  // set: clients must show a certificate signed by it
  std::string min_version = "1.2";
};

struct TlsClientSettings {
  bool insecure = false;  // no TLS at all
  bool insecure_skip_verify = false;
  std::string ca_file, cert_file, key_file;
  std::string ca_pem, cert_pem, key_pem;
  std::string server_name_override;
  std::string min_version = "1.2";
};

}  // namespace kolben::net
