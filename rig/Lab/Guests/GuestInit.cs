using System.Globalization;
using System.Text;

namespace Lab.Application.Guests;

/// <summary>The guest's init, a script for busybox: mounts, loads modules, runs the lab in <c>/out/work</c>, and writes what
/// there is to the disks again and again, so that a guest that dies leaves what was finished.</summary>
/// <remarks>A disk begins with the number of the writing, and <see cref="TarAt"/> bytes on has a tar; the number is written when
/// the tar is on the disk, and is zero while it is not. Two disks take turns: what a death spoils is the older one, and where a
/// writing fails (a full host) the same is tried again, so that the other stays good. What changed while it was read is read
/// again: a run folder's tables must not be older than its manifest.</remarks>
internal static class GuestInit
{
    public const string Modules = "modules", Codes = "control/codes", Output = "control/output", Kernel = "control/kernel",
        Messages = "control/dmesg", NoKvm = "control/no-kvm", Work = "work/";

    /// <summary>What the guest says when its disks fail.</summary>
    public const string Unwritten = "what there is could not be written to the host's disk";

    /// <summary>Where a disk's tar begins.</summary>
    public const int TarAt = 1 << 20;

    /// <summary>What the host writes to the second serial line to have the lab end and save.</summary>
    public const string Stop = "stop";

    /// <param name="modules">Names in the order of loading.</param>
    /// <param name="program">Words of the shell that start the lab.</param>
    /// <param name="commands">Arguments of the lab, for each time that it is run.</param>
    /// <param name="environment">Variables of the lab.</param>
    /// <param name="keepEvery">Time between two looks for what is new.</param>
    public static string Script(IEnumerable<string> modules, string program, IReadOnlyList<IReadOnlyList<string>> commands,
        IReadOnlyDictionary<string, string> environment, TimeSpan keepEvery)
    {
        StringBuilder variables = new();
        foreach ((string name, string value) in environment) variables.Append(name).Append('=').Append(Quoted(value)).Append(' ');
        string every = Math.Max(1, (int)keepEvery.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return $$"""
            #!/bin/sh
            export PATH=/bin HOME=/ TERM=dumb LD_LIBRARY_PATH=/lib/x86_64-linux-gnu
            mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
            mkdir -p /dev/shm /run /out/work /out/control; mount -t tmpfs tmpfs /dev/shm
            mount -t tracefs tracefs /sys/kernel/tracing
            stty -F /dev/ttyS1 raw -echo
            exec 2> /dev/ttyS1
            for module in {{string.Join(' ', modules)}}; do
                case $module in kvm_amd) needed=svm;; kvm_intel) needed=vmx;; *) needed=;; esac
                [ -z "$needed" ] || grep -qw $needed /proc/cpuinfo || continue
                insmod /{{Modules}}/$module.ko 2> /run/why || echo "guest: module $module does not load: $(cat /run/why)" >&2
            done
            ifconfig lo up
            uname -r > /out/{{Kernel}}
            echo 0 > /run/number
            keep() {
                number=$(($(cat /run/number) + 1))
                dmesg > /out/{{Messages}}
                seen= after=new
                until [ "$seen" = "$after" ]; do
                    seen=$(ls -lRi --full-time /out/work); tar -cf /run/tar -C /out control work 2> /run/why
                    after=$(ls -lRi --full-time /out/work)
                done
                disk=/dev/vda; [ $((number % 2)) = 0 ] || disk=/dev/vdb
                echo 0 | dd of=$disk bs=512 conv=sync,fsync 2> /run/why &&
                    dd if=/run/tar of=$disk bs={{TarAt}} seek=1 conv=fsync 2> /run/why &&
                    echo $number | dd of=$disk bs=512 conv=sync,fsync 2> /run/why &&
                    echo $number > /run/number ||
                    echo "guest: {{Unwritten}}: $(tail -n 1 /run/why)" >&2
            }
            if [ ! -c /dev/kvm ]; then
                echo > /out/{{NoKvm}}
            else
                cd /out/work
                echo "guest: $(uname -r), tdp_mmu $(cat /sys/module/kvm/parameters/tdp_mmu), up $(cut -d' ' -f1 /proc/uptime) s" >&2
                : > /out/{{Codes}}
                (while read word; do [ "$word" = {{Stop}} ] && { echo > /run/stopped; kill -TERM $(cat /run/lab); }; done) < /dev/ttyS1 &
                (while [ ! -e /run/ended ]; do
                    sleep 1; waited=$((waited + 1))
                    [ $((waited % {{every}})) = 0 ] && [ "$(ls -lRi --full-time /out/work)" != "$seen" ] && keep
                done) &
                keeper=$!
                run() {
                    [ ! -e /run/stopped ] || return
                    {{variables}}{{program}} "$@" >> /out/{{Output}} < /dev/null &
                    echo $! > /run/lab
                    wait $!; code=$?; echo $code >> /out/{{Codes}}
                    echo "guest: ended with $code, up $(cut -d' ' -f1 /proc/uptime) s: lab $*" >&2
                }
                {{string.Join("\n    ", commands.Select(command => $"run {string.Join(' ', command.Select(Quoted))}"))}}
                echo > /run/ended; wait $keeper
            fi
            keep
            poweroff -f

            """;
    }

    /// <summary>A word that the shell takes as it is.</summary>
    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
