# By name, in the provider's region.
terraform import fargatedirect_certbot.prod prod

# By name and region.
terraform import fargatedirect_certbot.prod prod@eu-west-2
