# Renews a certificate now:
#   terraform apply -invoke=action.fargatedirect_renew.browser
action "fargatedirect_renew" "browser" {
  config {
    certbot = fargatedirect_certbot.prod.name
    keys    = ["browser"]
  }
}

# Tells what that would do, and whether it could, and changes nothing:
#   terraform apply -invoke=action.fargatedirect_renew.rehearsal
action "fargatedirect_renew" "rehearsal" {
  config {
    certbot = fargatedirect_certbot.prod.name
    dry_run = true
  }
}
