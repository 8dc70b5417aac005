output "hostname" {
  value = provider::fargatedirect::task_hostname(
    "arn:aws:ecs:eu-west-2:123456789012:task/browsers/0123456789abcdef0123456789abcdef",
    "browser.example.com",
  )
}
