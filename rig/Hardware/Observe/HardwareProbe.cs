namespace Lab.Hardware;

/// <summary>What of the hardware's interfaces this process gets when it asks, found by asking; nothing is left open.</summary>
public sealed record HardwareProbe
{
    /// <summary>Why there is no usable KVM, with the remedy; null when there is one.</summary>
    public required string? KvmRefusal { get; init; }

    /// <summary>Largest number of memory slots of a VM; 0 without KVM.</summary>
    public required int Memslots { get; init; }

    public required int Vcpus { get; init; }

    /// <summary>Entries that a dirty ring may have, in bytes; 0 when there is none.</summary>
    public required int DirtyRingBytes { get; init; }

    public required bool HasReadOnlySlots { get; init; }

    public required bool HasStatistics { get; init; }

    /// <summary>KVM_X86_QUIRK_SLOT_ZAP_ALL can be switched off (<c>--zap-all off</c>).</summary>
    public required bool CanKeepOtherSlots { get; init; }

    /// <summary>Why missing pages cannot be resolved by the rig; null when they can.</summary>
    public required string? UserfaultRefusal { get; init; }

    /// <summary>perf events that count for the calling thread.</summary>
    public required IReadOnlyList<string> PerfNames { get; init; }

    /// <summary>What perf events were refused, with the remedy.</summary>
    public required IReadOnlyList<string> PerfNotes { get; init; }

    /// <summary>Asks for each; takes about a millisecond and never throws for what is lacking.</summary>
    public static HardwareProbe Read(string kvmDevice)
    {
        (IReadOnlyList<string> names, IReadOnlyList<string> notes) = Perf();
        HardwareProbe probe = new()
        {
            KvmRefusal = null,
            Memslots = 0,
            Vcpus = 0,
            DirtyRingBytes = 0,
            HasReadOnlySlots = false,
            HasStatistics = false,
            CanKeepOtherSlots = false,
            UserfaultRefusal = UserfaultTrouble(),
            PerfNames = names,
            PerfNotes = notes,
        };
        try
        {
            using Kvm kvm = Kvm.Open(kvmDevice);
            return probe with
            {
                Memslots = kvm.Extension(KvmAbi.CapMemslots),
                Vcpus = kvm.Extension(KvmAbi.CapMaxVcpus),
                DirtyRingBytes = Math.Max(kvm.Extension(KvmAbi.CapDirtyLogRing),
                    kvm.Extension(KvmAbi.CapDirtyLogRingAcquireRelease)),
                HasReadOnlySlots = kvm.Extension(KvmAbi.CapReadOnlyMemory) > 0,
                HasStatistics = kvm.Extension(KvmAbi.CapBinaryStats) > 0,
                CanKeepOtherSlots = (kvm.Extension(KvmAbi.CapDisableQuirks2) & (int)KvmAbi.QuirkSlotZapAll) != 0,
            };
        }
        catch (Exception refused) when (refused is HardwareUnavailableException or SystemCallException)
        {
            return probe with { KvmRefusal = refused.Message };
        }
    }

    private static string? UserfaultTrouble()
    {
        if (!OperatingSystem.IsLinux()) return "userfaultfd is Linux's.";
        try
        {
            using Userfault tried = new();
            return null;
        }
        catch (Exception refused) when (refused is HardwareUnavailableException or SystemCallException)
        {
            return refused.Message;
        }
    }

    private static (IReadOnlyList<string> Names, IReadOnlyList<string> Notes) Perf()
    {
        if (!OperatingSystem.IsLinux()) return ([], ["perf events are Linux's."]);
        const int callingThread = 0;
        using PerfEvents events = PerfEvents.Open([("self", callingThread)]);
        return ([.. events.Read().Select(count => count.Name)], events.Notes);
    }
}
