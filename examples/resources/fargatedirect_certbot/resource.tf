resource "fargatedirect_certbot" "prod" {
  name           = "prod"
  hosted_zone_id = "Z0123456789ABCDEFGHIJ"

  certificates = {
    browser = { domains = ["*.browser.example.com"] }
    api     = { domains = ["api.example.com", "www.api.example.com"], key_type = "RSA2048" }
  }

  acme = {
    # Production issues five certificates a week for the same names; try
    # things out here first.
    directory_url = "https://acme-staging-v02.api.letsencrypt.org/directory"
  }

  notification_emails = ["ops@example.com"]
}
