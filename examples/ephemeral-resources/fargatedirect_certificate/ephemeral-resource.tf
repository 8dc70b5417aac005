# The pair in force, which gets into neither the plan nor the state.
ephemeral "fargatedirect_certificate" "browser" {
  certbot = fargatedirect_certbot.prod.name
  key     = "browser"
}

# For example for a proxy that takes it by a write-only argument. The data
# source tells when there is a new one.
data "fargatedirect_certificate" "browser" {
  certbot = fargatedirect_certbot.prod.name
  key     = "browser"
}

resource "aws_secretsmanager_secret_version" "proxy" {
  secret_id = "proxy/tls"
  secret_string_wo = jsonencode({
    certificate = ephemeral.fargatedirect_certificate.browser.chain_pem
    key         = ephemeral.fargatedirect_certificate.browser.private_key_pem
  })
  secret_string_wo_version = parseint(substr(sha256(data.fargatedirect_certificate.browser.version), 0, 8), 16)
}
