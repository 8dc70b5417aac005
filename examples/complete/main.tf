provider "fargatedirect" {
  region = var.region
}

# A zone for the names alone: that a name does not exist is remembered for
# seconds there, and not for 15 minutes.
resource "fargatedirect_zone" "tasks" {
  name           = var.domain
  parent_zone_id = var.hosted_zone_id
}

# A name for every running task: <task id>.<domain>.
resource "fargatedirect_task_dns" "tasks" {
  name           = "tasks"
  domain         = fargatedirect_zone.tasks.name
  hosted_zone_id = fargatedirect_zone.tasks.zone_id
  cluster_arns   = var.cluster_arns
  architecture   = var.architecture
}

# One certificate for all of these names, renewed for as long as it exists.
resource "fargatedirect_certbot" "tasks" {
  name                = "tasks"
  hosted_zone_id      = fargatedirect_zone.tasks.zone_id
  notification_emails = var.notification_emails
  architecture        = var.architecture
  force_destroy       = var.force_destroy

  certificates = {
    tasks = {
      domains = [fargatedirect_task_dns.tasks.wildcard_domain]
      profile = var.profile
    }
  }

  acme = {
    directory_url      = var.directory_url
    ca_certificate_pem = var.ca_certificate_pem
  }
}

# Stops the run, with the authority's own words, if there is no certificate.
data "fargatedirect_certificate" "tasks" {
  certbot = fargatedirect_certbot.tasks.name
  key     = "tasks"
}
