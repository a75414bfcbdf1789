# SPDX-License-Identifier: MIT
# Installs a build and builds a program against it: cmake -DBUILD=... -DWORK=... -DGENERATOR=Ninja [-DTORCH=...] -P install.cmake
cmake_policy(VERSION 3.22)

function(run)
    execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK}/prefix ${WORK}/outside)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${CMAKE_CURRENT_LIST_DIR}/outside -B ${WORK}/outside
    -DCMAKE_PREFIX_PATH=${WORK}/prefix -DTorch_DIR=${TORCH})
run(${CMAKE_COMMAND} --build ${WORK}/outside)
run(${WORK}/outside/similarity)
run(${WORK}/prefix/bin/dream --version)
