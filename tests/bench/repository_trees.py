"""The four small repositories of our own that `repositories` builds: a Django site, a workspace, a namespace, scripts.

Each does what such repositories do and tools stumble over, and has faults put in on purpose, in files called `fault_*`.
What is ignored by git is there when the programs run, and not in what git tracks.
"""

import re

import msgspec


class Tree(msgspec.Struct, frozen=True):
    """One repository: its files, and what it takes to load them."""

    files: dict[str, str]
    needs: tuple[str, ...] = ()
    """Distributions of others."""
    before: str = ""
    """What runs before a file is loaded."""
    programs: tuple[str, ...] = ()
    """Beginnings of the paths of files that are run as programs, with their own folder on the path."""


def _files(text: str) -> dict[str, str]:
    parts = re.split(r"^=== (\S+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


_SITE = """\
=== .gitignore
_version.py
*_pb2.py
config/settings/secret.py
=== manage.py
#!/usr/bin/env python
import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
=== config/__init__.py
=== config/settings/__init__.py
=== config/settings/base.py
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
SECRET_KEY = "for tests"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop.apps.ShopConfig", "apps.billing"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
ROOT_URLCONF = "config.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
=== config/settings/secret.py
SECRET_KEY = "kept out of git"
PAYMENT_TOKEN = "token"
=== config/settings/local.py
from .base import *  # noqa: F403
from .secret import PAYMENT_TOKEN, SECRET_KEY

DEBUG = True
INSTALLED_APPS += ["django.contrib.messages"]
=== config/settings/test.py
from .local import *
from .local import DEBUG, DATABASES, PAYMENT_TOKEN

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
try:
    from .private import *
except ImportError:
    pass
=== config/settings/production.py
from . import base
from .base import *

for _name in ("DEBUG", "ALLOW_ALL"):
    globals()[_name] = False
globals().update({name: value for name, value in vars(base).items() if name.isupper()})
=== config/settings/staging.py
from .production import ALLOW_ALL, DEBUG, DATABASES
=== config/urls.py
from django.urls import include, path

urlpatterns = [path("shop/", include("shop.urls")), path("billing/", include("apps.billing.urls"))]
=== config/wsgi.py
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
=== shop/__init__.py
from ._version import version as __version__
=== shop/_version.py
version = "1.2"
=== shop/orders.proto
syntax = "proto3";
message Order { string id = 1; }
=== shop/orders_pb2.py
class Order:
    pass
=== shop/apps.py
from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self):
        from . import signals  # noqa: F401
=== shop/models/__init__.py
from .customer import Customer
from .order import Line, Order, OrderQuerySet

__all__ = ["Customer", "Line", "Order"]
__all__ += ["OrderQuerySet"]
=== shop/models/customer.py
from django.conf import settings
from django.db import models


class Customer(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)

    def orders(self):
        from .order import Order

        return Order.objects.filter(customer=self)
=== shop/models/order.py
from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from ..managers import OrderQuerySet
from .customer import Customer

if TYPE_CHECKING:
    from ..services import Invoice


def next_number() -> int:
    return 1


class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    number = models.IntegerField(default=next_number)
    objects = OrderQuerySet.as_manager()

    def invoice(self) -> Invoice:
        from shop.services import Invoice

        return Invoice(self)


class Line(models.Model):
    order = models.ForeignKey("shop.Order", related_name="lines", on_delete=models.CASCADE)
=== shop/managers.py
from django.db.models import QuerySet


class OrderQuerySet(QuerySet):
    def open(self):
        return self.filter(number__gt=0)
=== shop/services.py
from shop import models
from shop.models import Order
from shop.models.order import next_number
from shop.orders_pb2 import Order as Message


class Invoice:
    def __init__(self, order: Order) -> None:
        self.order, self.message, self.line = order, Message(), models.Line
=== shop/signals.py
from django.db.models.signals import post_save
from django.dispatch import receiver

from .models import Order
from .services import Invoice


@receiver(post_save, sender=Order)
def saved(sender, instance, **_):
    Invoice(instance)
=== shop/views.py
from django.http import HttpResponse
from django.views import View

from . import __version__, models
from .forms import OrderForm


class Orders(View):
    def get(self, request):
        return HttpResponse(f"{models.Order.objects.count()} {__version__} {OrderForm()}")
=== shop/forms.py
from django import forms

from .models import Order


class OrderForm(forms.ModelForm):
    class Meta:
        model = Order
        fields = ["number"]
=== shop/urls.py
from django.urls import path

from . import views
from .views import Orders

app_name = "shop"
urlpatterns = [path("", Orders.as_view()), path("again/", views.Orders.as_view())]
=== shop/templatetags/__init__.py
=== shop/templatetags/money.py
from django import template

from shop.models import Line

register = template.Library()
register.filter("is_line", lambda value: isinstance(value, Line))
=== shop/management/__init__.py
=== shop/management/commands/__init__.py
=== shop/management/commands/close_orders.py
from django.core.management.base import BaseCommand

from ...models import Order
from ._progress import Progress


class Command(BaseCommand):
    def handle(self, *args, **options):
        Progress(Order.objects.open())
=== shop/management/commands/_progress.py
class Progress:
    def __init__(self, of):
        self.of = of
=== shop/migrations/__init__.py
=== shop/migrations/0001_initial.py
from django.conf import settings
from django.db import migrations, models

import shop.models.order


class Migration(migrations.Migration):
    initial = True
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.CreateModel("Order", [("number", models.IntegerField(default=shop.models.order.next_number))])
    ]
=== shop/migrations/0002_lines.py
from importlib import import_module

from django.db import migrations

from ..models import Line

first = import_module("shop.migrations.0001_initial")


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunPython(lambda apps, editor: Line)]
=== shop/migrations/fault_moved.py
from ..models import Basket
=== shop/tests/__init__.py
=== shop/tests/factories.py
from shop import models


def order():
    return models.Order(number=3)
=== shop/tests/test_orders.py
from django.test import SimpleTestCase

from .factories import order
from ..management.commands.close_orders import Command, Order


class Orders(SimpleTestCase):
    def test_number(self):
        self.assertEqual((order().number, Command.__name__, Order.__name__), (3, "Command", "Order"))
=== shop/fault_views.py
from . import models
from .forms import OrderForm, RefundForm
=== shop/fault_exports.py
from .models import Order

__all__ = ["Order", "Refund"]
=== shop/fault_first.py
from .fault_second import second


def first():
    return second
=== shop/fault_second.py
from .fault_first import first


def second():
    return first
=== apps/billing/__init__.py
=== apps/billing/models.py
from django.db import models

from shop.models import *


class Bill(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    found = OrderQuerySet.as_manager()
=== apps/billing/urls.py
from apps.billing import views

urlpatterns = []
=== apps/billing/views.py
from apps.billing.models import Bill, Order
"""

_WORKSPACE = """\
=== .gitignore
_version.py
build/
=== pyproject.toml
[project]
name = "acme"
version = "0"
[tool.uv.workspace]
members = ["packages/*"]
=== packages/core/pyproject.toml
[project]
name = "acme-core"
dynamic = ["version"]
[tool.hatch.build.hooks.vcs]
version-file = "src/acme_core/_version.py"
=== packages/core/src/acme_core/__init__.py
import importlib
from typing import TYPE_CHECKING

from ._version import __version__
from .colors import *
from .errors import AcmeError as AcmeError

if TYPE_CHECKING:
    from .client import Client
    from .events import Event, listen

_LAZY = {"Client": ".client", "Event": ".events", "listen": ".events"}


def __getattr__(name):
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name], __name__), name)
    raise AttributeError(name)


__all__ = ["AcmeError", "Client", "Event", "RED", "listen", "__version__"]
=== packages/core/src/acme_core/_version.py
__version__ = "0.3"
=== packages/core/src/acme_core/colors.py
import enum


class Color(enum.Enum):
    RED = 1
    BLUE = 2


globals().update(Color.__members__)
__all__ = ["Color", *Color.__members__]
=== packages/core/src/acme_core/errors.py
class AcmeError(Exception):
    pass


for _code, _name in ((404, "Missing"), (409, "Conflict")):
    setattr(__import__("sys").modules[__name__], _name, type(_name, (AcmeError,), {"code": _code}))
=== packages/core/src/acme_core/client.py
from __future__ import annotations

from acme_core import AcmeError, events, errors
from acme_core.errors import Conflict, Missing
from acme_core.settings import debug


class Client:
    failures = (AcmeError, Conflict, Missing, errors.AcmeError)
    last: events.Event | None = None
=== packages/core/src/acme_core/events.py
import acme_core.errors
import acme_core.colors as colors
from acme_core import RED, BLUE


class Event:
    color = (RED, BLUE, colors.Color)


with open(__file__) as source:
    text = source.read()
if (size := len(text)) > 3:
    match size, source:
        case [count, stream]:
            pass
try:
    import tomllib
except ImportError as problem:
    tomllib = None
else:
    loads = tomllib.loads


def listen():
    global heard
    heard = acme_core.errors.AcmeError


listen()
=== packages/core/src/acme_core/sizes.py
from .events import count, heard, loads, size, source, stream, text
=== packages/core/src/acme_core/settings.py
import sys


class _Settings:
    debug = False

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return None


sys.modules[__name__] = _Settings()
=== packages/core/src/acme_core/plugins/__init__.py
import importlib
import pkgutil

for _found in pkgutil.iter_modules(__path__):
    _module = importlib.import_module(f"{__name__}.{_found.name}")
    globals().update({name: getattr(_module, name) for name in dir(_module) if name.startswith("plugin_")})
=== packages/core/src/acme_core/plugins/text.py
def plugin_text():
    return 1
=== packages/core/src/acme_core/uses_plugins.py
from .plugins import plugin_text
from . import plugins as installed
=== packages/core/tests/conftest.py
from helpers import shared
=== packages/core/tests/helpers.py
shared = "core"
core_only = 1
=== packages/core/tests/test_client.py
from acme_core import Client, Event, RED, BLUE, listen, __version__
from helpers import core_only, shared
=== packages/api/pyproject.toml
[project]
name = "acme-api"
dependencies = ["acme-core"]
[tool.uv.sources]
acme-core = { workspace = true }
=== packages/api/src/acme_api/__init__.py
from .app import App as App, create
from . import routes
=== packages/api/src/acme_api/app.py
from acme_core import AcmeError, Client
from acme_core.client import Client as Same


class App:
    client = Client
    same = Same


def create():
    from . import routes

    return routes.users, AcmeError
=== packages/api/src/acme_api/routes/__init__.py
from . import users as users
from .orders import *
=== packages/api/src/acme_api/routes/users.py
from ..app import App

app = App()
=== packages/api/src/acme_api/routes/orders.py
from acme_api.routes.users import app

__all__ = ("app", "order")


def order():
    return app
=== packages/api/src/acme_api/app_state.py
import acme_api.routes.orders as orders
from acme_api import create, routes
from acme_api.routes import app, order, users
=== packages/api/src/acme_api/fault_moved.py
from acme_core.client import Client, Session
from acme_core.sizes import colour
=== packages/api/src/acme_api/fault_one.py
from acme_api.fault_two import two

one = 1
=== packages/api/src/acme_api/fault_two.py
from acme_api.fault_one import one

two = 2
=== packages/api/src/acme_api/fault_star.py
from .routes import orders

__all__ = ["orders", "basket"]
=== packages/api/tests/conftest.py
from helpers import shared
=== packages/api/tests/helpers.py
shared = "api"
api_only = 1
=== packages/api/tests/test_app.py
from acme_api import App, create
from helpers import api_only, shared
=== packages/worker-queue/pyproject.toml
[project]
name = "acme-worker-queue"
=== packages/worker-queue/src/acme_worker/__init__.py
from acme_worker import tasks
from acme_worker.tasks import run
=== packages/worker-queue/src/acme_worker/tasks.py
import acme_worker


def run():
    return acme_worker.tasks
=== packages/worker-queue/src/acme_worker/__main__.py
from . import run
from acme_api.app import create

if __name__ == "__main__":
    run()
=== scripts/release.py
from acme_core import __version__
=== docs/conf.py
import acme_core

project, version = "acme", acme_core.__version__
"""

_NAMESPACE = """\
=== acme-storage/pyproject.toml
[project]
name = "acme-storage"
[tool.setuptools.packages.find]
where = ["src"]
=== acme-storage/src/acme/storage/__init__.py
from acme.storage.bucket import Bucket, open_bucket
from acme.storage import backends

__all__ = ["Bucket", "backends", "open_bucket"]
=== acme-storage/src/acme/storage/bucket.py
from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from acme.queue import Queue


class Bucket:
    queue: Queue | None = None


def open_bucket():
    from acme.queue.jobs import Job

    return Job
=== acme-storage/src/acme/storage/backends/disk.py
from acme.storage.bucket import Bucket
=== acme-storage/src/acme/storage/uses.py
from acme import storage
from acme.storage.backends import disk
from acme.storage.backends.disk import Bucket
from acme_legacy import paths, names
from acme_legacy.paths import join
=== acme-storage/src/acme/storage/elsewhere.py
def upload():
    from acme.cloud import Client
    from acme import metrics

    return Client, metrics
=== acme-storage/src/acme_legacy/__init__.py
__path__ = __import__("pkgutil").extend_path(__path__, __name__)
=== acme-storage/src/acme_legacy/paths.py
def join():
    return "/"
=== acme-storage/src/acme/storage/fault_names.py
from acme.storage.bucket import Bucket, Basket
from acme.queue import Queue, Stack
=== acme-storage/tests/test_bucket.py
from acme.queue import Queue
from acme.storage import Bucket
=== acme-queue/pyproject.toml
[project]
name = "acme-queue"
[tool.setuptools]
package-dir = {"" = "src"}
=== acme-queue/src/acme/queue/__init__.py
from ..storage import Bucket
from .jobs import Job


class Queue:
    bucket, job = Bucket, Job
=== acme-queue/src/acme/queue/jobs.py
import acme.storage.bucket
import acme.storage.bucket as bucket


class Job:
    places = (acme.storage.bucket.Bucket, bucket.Bucket)
=== acme-queue/src/acme/queue/fault_left.py
from acme.queue.fault_right import right

left = 1
=== acme-queue/src/acme/queue/fault_right.py
from acme.queue import fault_left

right = fault_left.left
=== acme-queue/src/acme_legacy/__init__.py
__path__ = __import__("pkgutil").extend_path(__path__, __name__)
=== acme-queue/src/acme_legacy/names.py
from acme_legacy.paths import join
from . import paths
=== acme-queue/tests/test_bucket.py
from acme.queue import Queue
from acme.queue.jobs import Job
"""

_SCRIPTS = '''\
=== bin/deploy
#!/usr/bin/env python3
"""A program without a suffix."""
from common import run
from steps import build, publish
import steps.build


def main():
    return run(build.make, publish.send, steps.build)


if __name__ == "__main__":
    main()
=== bin/rollback
#!/usr/bin/env -S python3 -u
import common
from common import run, undo
=== bin/clean.sh
#!/bin/sh
rm -rf build
=== bin/common.py
def run(*steps):
    return steps


def undo():
    return run()
=== bin/steps/build.py
from common import run


def make():
    return run
=== bin/steps/publish.py
from . import build
from .build import make


def send():
    return make, build
=== reports/common.py
import config


def table():
    return config.WIDTH
=== reports/config.py
WIDTH = 80
=== reports/weekly.py
#!/usr/bin/env python3
import config
from common import table
from queue import push
import render

if __name__ == "__main__":
    print(table(), config.WIDTH, push, render)
=== reports/queue.py
def push():
    return 1
=== reports/render.py
def render():
    return 1


if __name__ == "__main__":
    import weekly

    weekly.table()
=== reports/2024-summary.py
from common import table
import config as settings
=== lib/jobs.py
def start():
    return 1
=== cron/nightly.py
#!/usr/bin/python3
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from jobs import start

start()
=== cron/hourly.pyw
import nightly
from nightly import start
=== one_off.py
from reports import config as reporting
from reports.config import WIDTH
=== fault_deploy.py
from reports.config import HEIGHT
=== bin/fault_run
#!/usr/bin/env python3
from common import run, walk
=== bin/fault_ping.py
import fault_pong


def ping():
    return fault_pong
=== bin/fault_pong.py
from fault_ping import ping
'''

TREES = {
    "site": Tree(
        _files(_SITE),
        needs=("django==5.2.19",),
        before="import django; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings.local'; django.setup()",
    ),
    "workspace": Tree(
        _files(_WORKSPACE), programs=("packages/core/tests/", "packages/api/tests/", "scripts/", "docs/")
    ),
    "namespace": Tree(_files(_NAMESPACE), programs=("acme-storage/tests/", "acme-queue/tests/")),
    "scripts": Tree(_files(_SCRIPTS), programs=("bin/", "reports/", "cron/")),
}
