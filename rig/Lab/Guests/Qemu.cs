using System.Diagnostics;
using System.Globalization;

namespace Lab.Application.Guests;

/// <summary>How a guest's processor runs.</summary>
public enum GuestProcessor
{
    /// <summary>QEMU emulates an AMD processor with SVM and nested paging: everywhere, slowly, and its times mean
    /// nothing.</summary>
    Emulated,

    /// <summary>The host's KVM runs it and lets it have virtualization of its own.</summary>
    Nested,
}

/// <summary>The machine that a guest gets, and the QEMU process that is it.</summary>
/// <param name="Image">The kernel.</param>
/// <param name="Initramfs">As <see cref="Guests.Initramfs"/> wrote it.</param>
/// <param name="Disks">Two files of the same size, which the guest writes alternately.</param>
/// <param name="Console">File for what the kernel says.</param>
/// <param name="Processor">Emulated or the host's.</param>
/// <param name="Cpus">Processors of the guest.</param>
/// <param name="MemoryBytes">Memory of the guest.</param>
internal sealed record Qemu(string Image, string Initramfs, IReadOnlyList<string> Disks, string Console, GuestProcessor Processor,
    int Cpus, long MemoryBytes)
{
    private const string Program = "qemu-system-x86_64", Package = "qemu-system-x86";

    /// <summary>Of the host, for one process without the rest of a distribution's.</summary>
    private static readonly string[] Programs = [Program, "qemu-kvm"];

    /// <summary>What of QEMU and busybox is not on this host.</summary>
    public static IReadOnlyList<MissingOnHost> Missing() =>
    [
        .. HostProgram.Find(Programs) is null ? [new MissingOnHost("QEMU", Package)] : (MissingOnHost[])[],
        .. HostProgram.Find(Guests.Initramfs.BusyBox) is null
            ? [new MissingOnHost("busybox", Guests.Initramfs.BusyBoxPackage)] : (MissingOnHost[])[],
    ];

    /// <summary>Starts it. Its standard output is the guest's second serial line, its standard input goes there.</summary>
    public Process Start()
    {
        ProcessStartInfo start = new(HostProgram.Find(Programs) ?? throw HostProgram.Refusal(Missing()))
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (string argument in Arguments()) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    private IEnumerable<string> Arguments()
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        // One thread for all processors: with several, a processor may meet a breakpoint that the kernel has already taken out of
        // its text again (text_poke), and panic.
        string[] processor = Processor == GuestProcessor.Nested
            ? ["-accel", "kvm", "-cpu", "host"]
            : ["-accel", "tcg,thread=single", "-cpu", "max,-la57"];
        // Time in a starved guest goes by in leaps: no test of the timer, nothing that watches for stalls.
        string line = "console=ttyS0 panic=-1 quiet mitigations=off no_timer_check tsc=reliable nowatchdog "
            + "rcupdate.rcu_cpu_stall_suppress=1 kvm_amd.npt=1";
        return
        [
            "-machine", "q35", .. processor, "-smp", Cpus.ToString(invariant),
            "-m", (MemoryBytes >> 20).ToString(invariant) + "M",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", Image, "-initrd", Initramfs, "-append", line,
            "-serial", $"file:{Comma(Console)}", "-chardev", "stdio,id=lab,signal=off", "-serial", "chardev:lab",
            .. Disks.SelectMany(disk => (string[])["-drive",
                $"file={Comma(disk)},format=raw,if=virtio,cache=unsafe,werror=report,rerror=report"]),
        ];
    }

    /// <summary>A comma in a value is doubled.</summary>
    private static string Comma(string path) => path.Replace(",", ",,", StringComparison.Ordinal);
}
