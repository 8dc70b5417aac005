import {
  to = fargatedirect_task_dns.prod
  identity = {
    name = "prod"
  }
}
