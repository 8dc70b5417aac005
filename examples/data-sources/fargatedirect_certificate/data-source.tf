# Stops the run, with the authority's own words, while there is no certificate.
data "fargatedirect_certificate" "browser" {
  certbot = fargatedirect_certbot.prod.name
  key     = "browser"
}

output "certificate_valid_until" {
  value = data.fargatedirect_certificate.browser.not_after
}
