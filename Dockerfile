# One image for every flowrun command: docker run flowrun --help
ARG PYTHON_IMAGE=python:3.12-slim

FROM ${PYTHON_IMAGE} AS base
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app
# The dependencies have a layer of their own: a change of our code does not install them again.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
      > requirements.txt \
 && pip install -r requirements.txt -c constraints.txt

# The steps of the processors are compiled to C: half the CPU time. Where no compiler can be had they stay Python, which
# does the same; what a worker runs is in the first line of its log.
FROM base AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev \
 || echo "no C compiler: the steps are not compiled"
RUN pip install hatchling hatch-mypyc -c constraints.txt
COPY README.md ./
COPY schemas schemas
COPY broker broker
COPY ingest ingest
COPY processors processors
COPY flowrun flowrun
RUN if command -v gcc; then export HATCH_BUILD_HOOKS_ENABLE=1; fi \
 && pip wheel --no-deps --no-build-isolation --wheel-dir /wheel .

FROM base
COPY --from=build /wheel /wheel
RUN pip install --no-deps /wheel/*.whl

RUN useradd --uid 10001 --create-home flowrun
USER flowrun
WORKDIR /home/flowrun

ENTRYPOINT ["flowrun"]
CMD ["--help"]
