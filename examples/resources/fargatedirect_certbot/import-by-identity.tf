import {
  to = fargatedirect_certbot.prod
  identity = {
    name = "prod"
  }
}
