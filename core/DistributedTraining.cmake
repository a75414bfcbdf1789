# SPDX-License-Identifier: MIT
# Whether training with several processes can be compiled: c10d is part of LibTorch, but its headers want those of Gloo
# (libgloo-dev) and of NCCL, which come from elsewhere.
include(CheckCXXSourceCompiles)

function(reverie_check_c10d result definition group)
    if(NOT ${result}) # as the headers may have come since
        unset(${result} CACHE)
    endif()
    set(CMAKE_REQUIRED_LIBRARIES ${TORCH_LIBRARIES})
    set(CMAKE_REQUIRED_DEFINITIONS -D${definition})
    set(CMAKE_REQUIRED_QUIET ON)
    check_cxx_source_compiles("
        #include <torch/csrc/distributed/c10d/TCPStore.hpp>
        #include <torch/csrc/distributed/c10d/${group}.hpp>
        int main() { return c10d::${group}::Options::create()->timeout.count() > 0 ? 0 : 1; }" ${result})
endfunction()

reverie_check_c10d(REVERIE_HAS_GLOO USE_C10D_GLOO ProcessGroupGloo)
if(REVERIE_HAS_GLOO)
    set(distributed_definitions REVERIE_WITH_GLOO USE_C10D_GLOO)
    if(TARGET torch_cuda)
        reverie_check_c10d(REVERIE_HAS_NCCL USE_C10D_NCCL ProcessGroupNCCL)
    endif()
    if(REVERIE_HAS_NCCL)
        list(APPEND distributed_definitions REVERIE_WITH_NCCL USE_C10D_NCCL)
    elseif(TARGET torch_cuda)
        message(STATUS "Without NCCL's headers several GPUs can't train together")
    endif()
    set_source_files_properties(train/rendezvous.cpp PROPERTIES COMPILE_DEFINITIONS "${distributed_definitions}")
else()
    message(STATUS "Without Gloo's headers (libgloo-dev) only one process can train")
endif()
