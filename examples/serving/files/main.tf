# nginx terminates TLS itself, with a certificate in files. A container that runs
# before it writes them into a volume that both share, and ends. Renewals come
# with the next task.
#
# The names of tasks, network, security group and service are as in ../s3.

terraform {
  required_version = ">= 1.8"

  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
    fargatedirect = {
      source = "fargatedirect/fargatedirect"
    }
  }
}

variable "region" {
  description = "Region of the cluster, and of everything else here."
  type        = string
}

variable "hosted_zone_id" {
  description = "Hosted zone of browser.example.com, or above it."
  type        = string
}

variable "nginx_image" {
  description = "Image of nginx, in whose configuration ssl_certificate and ssl_certificate_key are /certificates/bundle.pem."
  type        = string
}

provider "aws" {
  region = var.region
}

provider "fargatedirect" {
  region = var.region
}

resource "fargatedirect_certbot" "browser" {
  name           = "browser"
  hosted_zone_id = var.hosted_zone_id

  certificates = {
    browser = { domains = ["*.browser.example.com"] }
  }
}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "task" {
  name               = "browser-task"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy" "certificate" {
  name   = "certificate"
  role   = aws_iam_role.task.name
  policy = fargatedirect_certbot.browser.reader_policy_json["browser"]
}

resource "aws_iam_role" "execution" {
  name               = "browser-execution"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_cloudwatch_log_group" "browser" {
  name              = "/ecs/browser"
  retention_in_days = 30
}

locals {
  log_configuration = {
    logDriver = "awslogs"
    options = {
      "awslogs-group"         = aws_cloudwatch_log_group.browser.name
      "awslogs-region"        = var.region
      "awslogs-stream-prefix" = "task"
    }
  }
}

resource "aws_ecs_task_definition" "browser" {
  family                   = "browser"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn

  volume {
    name = "certificates"
  }

  container_definitions = jsonencode([
    {
      name                   = "certificates"
      image                  = provider::fargatedirect::proxy_image()
      command                = ["files", "-once"]
      essential              = false
      user                   = "65532:65532"
      readonlyRootFilesystem = true
      logConfiguration       = local.log_configuration
      # The volume is this user's, because the image declares one at that path.
      mountPoints = [{ sourceVolume = "certificates", containerPath = "/certificates" }]
      environment = [
        { name = "FARGATEDIRECT_BUCKET", value = fargatedirect_certbot.browser.bucket_name },
        { name = "FARGATEDIRECT_NAMES", value = "*.browser.example.com" },
        { name = "FARGATEDIRECT_PREFIX", value = "browser/" },
      ]
    },
    {
      name             = "nginx"
      image            = var.nginx_image
      essential        = true
      logConfiguration = local.log_configuration
      portMappings     = [{ containerPort = 443, hostPort = 443, protocol = "tcp" }]
      mountPoints      = [{ sourceVolume = "certificates", containerPath = "/certificates", readOnly = true }]
      # It starts when the files are there; without them the task ends.
      dependsOn = [{ containerName = "certificates", condition = "SUCCESS" }]
    },
  ])
}
