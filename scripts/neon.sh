#!/usr/bin/env bash
# Runs the kernels compiled for aarch64 under qemu, NEON and portable, and holds them bit for bit to each other and to what this processor's
# own print; so too the reading and writing of numbers.
source "$(dirname "$0")/setup.sh"
install_packages qemu-user gcc-aarch64-linux-gnu g++-aarch64-linux-gnu libc6-dev-arm64-cross
folder=.build/neon
mkdir -p $folder
kernels=(-std=c11 -O2 -ISources/RadialKernels/include scripts/neon/kernels.c Sources/RadialKernels/kernels.c -lm)
numbers=(-std=c++17 -O2 -ISources/DecimalNumber/include scripts/neon/numbers.cpp Sources/DecimalNumber/*.cpp)
# NEON is in every aarch64; clang compiles, as it does for the package, and the cross compiler's libraries link.
arm=(--target=aarch64-linux-gnu --sysroot=/ -isystem /usr/aarch64-linux-gnu/include -fuse-ld=lld -static)
clang "${kernels[@]}" -o $folder/kernels
clang++ "${numbers[@]}" -o $folder/numbers
clang "${arm[@]}" "${kernels[@]}" -o $folder/kernels-arm
clang++ "${arm[@]}" "${numbers[@]}" -o $folder/numbers-arm

$folder/kernels portable >$folder/portable.txt
compared=()
# compare NAME FILE: ends with the cases that differ.
compare() {
  if ! diff $folder/portable.txt "$2" >$folder/difference.txt; then
    echo "the kernels of $1 have other bits than the portable ones here:" >&2
    grep '^>' $folder/difference.txt | head -20 >&2
    exit 1
  fi
  compared+=("$1")
}
for set in avx2 avx512; do
  status=0
  $folder/kernels $set >$folder/$set.txt || status=$?
  # 2: this processor has no such instructions.
  case $status in
    0) compare $set $folder/$set.txt ;;
    2) echo "$set: not compared" ;;
    *) echo "the kernels of $set: expected status 0, found $status, after $(wc -l <$folder/$set.txt) cases" >&2; exit 1 ;;
  esac
done
for set in neon portable; do
  qemu-aarch64 $folder/kernels-arm $set >$folder/$set-arm.txt
  compare "$set on aarch64" $folder/$set-arm.txt
done
$folder/numbers >$folder/numbers.txt
qemu-aarch64 $folder/numbers-arm >$folder/numbers-arm.txt
diff $folder/numbers.txt $folder/numbers-arm.txt
awk '{cases++; values += $2} END {printf "%d cases, %d values", cases, values}' $folder/portable.txt
printf ': portable here'
printf ', %s' "${compared[@]}"
echo ' have the same bits; and numbers are read and written alike'
