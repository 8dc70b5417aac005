output "wildcard_domain" {
  description = "What the tasks are called."
  value       = fargatedirect_task_dns.tasks.wildcard_domain
}

output "certificate" {
  description = "The certificate, and where a task reads it."
  value = {
    bucket      = data.fargatedirect_certificate.tasks.bucket_name
    certificate = data.fargatedirect_certificate.tasks.certificate_object_key
    key         = data.fargatedirect_certificate.tasks.key_object_key
    serial      = data.fargatedirect_certificate.tasks.serial
    issuer      = data.fargatedirect_certificate.tasks.issuer
    not_after   = data.fargatedirect_certificate.tasks.not_after
  }
}

output "reader_policy_json" {
  description = "Attach it to the role of the tasks, so that they may read the certificate."
  value       = fargatedirect_certbot.tasks.reader_policy_json["tasks"]
}

output "proxy_container" {
  description = "Put it beside your own container into the jsonencode([...]) of the task definition: it answers HTTPS by the task's name, and forwards to your server."
  value = provider::fargatedirect::proxy_container({
    backend_port      = var.backend_port
    backend_container = var.backend_container
    domain            = var.domain
    bucket            = fargatedirect_certbot.tasks.bucket_name
    prefix            = "tasks/"
    image             = var.proxy_image
  })
}

output "certbot_function_arn" {
  description = "The function that renews the certificate when it is due, and at once when it is invoked with {\"force\": true}."
  value       = fargatedirect_certbot.tasks.function_arn
}

output "topic_arn" {
  description = "Subscribe to it to be told of success and failure."
  value       = fargatedirect_certbot.tasks.topic_arn
}
