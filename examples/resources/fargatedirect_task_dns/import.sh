# By name, in the provider's region.
terraform import fargatedirect_task_dns.prod prod

# By name and region.
terraform import fargatedirect_task_dns.prod prod@eu-west-2
