# Stops the run while there is no certificate, and tells when there is a new one.
data "fargatedirect_certificate" "browser" {
  certbot = fargatedirect_certbot.prod.name
  key     = "browser"
}

# The pair in force, which gets into neither the plan nor the state. Terraform
# opens it as soon as its arguments are known, in the plan already. The region of
# the data source is not known before the certificate is there, so that the
# first apply, which has it issued, can hand it on.
ephemeral "fargatedirect_certificate" "browser" {
  certbot = data.fargatedirect_certificate.browser.certbot
  region  = data.fargatedirect_certificate.browser.region
  key     = data.fargatedirect_certificate.browser.key
}

# For example for a proxy that takes it by a write-only argument.
resource "aws_secretsmanager_secret_version" "proxy" {
  secret_id = "proxy/tls"
  secret_string_wo = jsonencode({
    certificate = ephemeral.fargatedirect_certificate.browser.chain_pem
    key         = ephemeral.fargatedirect_certificate.browser.private_key_pem
  })
  secret_string_wo_version = parseint(substr(sha256(data.fargatedirect_certificate.browser.version), 0, 8), 16)
}
