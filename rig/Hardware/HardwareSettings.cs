namespace Lab.Hardware;

/// <summary>What lies behind guest memory.</summary>
public enum BackingKind
{
    /// <summary>Private anonymous memory in 4 KiB pages.</summary>
    Anonymous,

    /// <summary>A memory file in 4 KiB pages: dropped mappings keep their contents.</summary>
    Shared,

    /// <summary>Private anonymous memory in huge pages where the kernel has them.</summary>
    HugePages,
}

/// <summary>How a VM's dirty pages are fetched.</summary>
public enum DirtyTracking
{
    /// <summary>A bitmap per slot.</summary>
    Log,

    /// <summary>A ring per vCPU.</summary>
    Ring,
}

/// <summary>How the host drops memory behind a guest whose slots are the kernel's.</summary>
public enum MemoryDrop
{
    /// <summary>madvise(MADV_DONTNEED): the mappings go, a file keeps its contents.</summary>
    DontNeed,

    /// <summary>fallocate(FALLOC_FL_PUNCH_HOLE): the pages of the file go, and read as zeroes afterwards.</summary>
    PunchHole,
}

/// <summary>Everything that shapes the hardware MMUs; written to the manifest.</summary>
public sealed record HardwareSettings
{
    public string KvmDevice { get; init; } = "/dev/kvm";

    /// <summary>Largest piece that is mapped and zapped at once, a power of two of at least 64 KiB: a fault on a hole maps one, a zap may yield after one.</summary>
    public long ChunkBytes { get; init; } = 16L << 20;

    /// <summary>Roots that can exist at a time, dead ones that wait for their grace period included.</summary>
    public int Contexts { get; init; } = 64;

    public BackingKind Backing { get; init; } = BackingKind.Shared;

    /// <summary>KVM_X86_QUIRK_SLOT_ZAP_ALL: a deleted slot takes everything down. Only where the kernel lets it be switched off does false mean anything.</summary>
    public bool SlotZapAll { get; init; } = true;

    /// <summary>On <c>host</c>: missing pages are resolved by the rig through userfaultfd instead of by the kernel.</summary>
    public bool Userfault { get; init; }

    public DirtyTracking Dirty { get; init; }

    /// <summary>Holes need <see cref="BackingKind.Shared"/>.</summary>
    public MemoryDrop Drop { get; init; }
}
