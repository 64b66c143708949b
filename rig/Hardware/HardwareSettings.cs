using Lab.Settings;

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
    public string KvmDevice { get; init; } = Declared.KvmDevice.DefaultValue;

    /// <summary>Largest piece that is mapped and zapped at once, a power of two of at least 64 KiB: a fault on a hole maps one, a
    /// zap may yield after one.</summary>
    public long ChunkBytes { get; init; } = Declared.Chunk.DefaultValue;

    /// <summary>Roots that can exist at a time, dead ones that wait for their grace period included.</summary>
    public int Contexts { get; init; } = Declared.Contexts.DefaultValue;

    public BackingKind Backing { get; init; } = Declared.Backing.DefaultValue;

    /// <summary>KVM_X86_QUIRK_SLOT_ZAP_ALL: a deleted slot takes everything down. Only where the kernel lets it be switched off
    /// does false mean anything.</summary>
    public bool SlotZapAll { get; init; } = Declared.SlotZapAll.DefaultValue;

    /// <summary>On <c>host</c>: missing pages are resolved by the rig through userfaultfd instead of by the kernel.</summary>
    public bool Userfault { get; init; }

    public DirtyTracking Dirty { get; init; }

    /// <summary>Holes need <see cref="BackingKind.Shared"/>.</summary>
    public MemoryDrop Drop { get; init; }

    /// <exception cref="UsageException">Values do not go together.</exception>
    public static HardwareSettings Of(SettingValues values)
    {
        HardwareSettings settings = new()
        {
            KvmDevice = values.Of(Declared.KvmDevice),
            ChunkBytes = values.Of(Declared.Chunk),
            Contexts = values.Of(Declared.Contexts),
            Backing = values.Of(Declared.Backing),
            SlotZapAll = values.Of(Declared.SlotZapAll),
            Userfault = values.Of(Declared.Userfault),
            Dirty = values.Of(Declared.Dirty),
            Drop = values.Of(Declared.Drop),
        };
        if (settings.KvmDevice.Length == 0) throw new UsageException("--kvm-device is empty; name the device, usually /dev/kvm.");
        if (settings is { Drop: MemoryDrop.PunchHole, Backing: not BackingKind.Shared })
        {
            throw new UsageException("--drop punch needs a file to punch holes in: --backing shared, not "
                + $"{Declared.Backing.Print(settings.Backing)}.");
        }
        return settings;
    }

    /// <summary>What can be set of the MMUs that the processor walks.</summary>
    public static class Declared
    {
        private const string Kvm = "kvm", Host = "host";
        public static SettingGroup Group { get; } = new("Where the processor walks", Kvm, Host);
        public static Setting<string> KvmDevice { get; } =
            Group.Add("kvm-device", Form.Text, "/dev/kvm", "the device", only: [Kvm]);
        public static Setting<long> Chunk { get; } = Group.Add(
            "chunk", Form.PowerOfTwo(64L << 10, 1L << 30), "16MiB", "largest piece mapped and zapped at once");
        public static Setting<int> Contexts { get; } =
            Group.Add("contexts", Form.Whole(2, 4096), "64", "roots that can exist at once");
        public static Setting<BackingKind> Backing { get; } = Group.Add(
            "backing", Form.Words(("shared (a memory file)", BackingKind.Shared), ("anon", BackingKind.Anonymous),
                ("thp", BackingKind.HugePages)),
            "shared", "memory behind the guest", only: [Kvm]);
        public static Setting<bool> SlotZapAll { get; } = Group.Add(
            "zap-all", Form.OnOff, "on", "deleting a slot zaps everything (KVM_X86_QUIRK_SLOT_ZAP_ALL)", only: [Kvm]);
        public static Setting<bool> Userfault { get; } = Group.Add(
            "userfault", Form.OnOff, "off", "the rig resolves missing pages, through userfaultfd", only: [Host]);
        public static Setting<DirtyTracking> Dirty { get; } = Group.Add(
            "dirty", Form.Words<DirtyTracking>(), "log",
            "where dirty pages come from, with kernel slots", only: [Kvm]);
        public static Setting<MemoryDrop> Drop { get; } = Group.Add(
            "drop", Form.Words(("madvise", MemoryDrop.DontNeed), ("punch (a hole in the memory file)", MemoryDrop.PunchHole)),
            "madvise", "how the host drops guest memory, with kernel slots", only: [Kvm]);
    }
}
