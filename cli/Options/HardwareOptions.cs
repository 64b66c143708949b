using System.CommandLine;
using System.Numerics;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Settings;
using Lab.Hardware;

namespace Lab.Cli.Options;

/// <summary>The options of <c>lab run</c> that shape the MMUs which the processor walks.</summary>
internal sealed class HardwareOptions
{
    private const long ChunkMin = 64L << 10;
    private const long ChunkMax = 1L << 30;

    private readonly Option<string> _device = RunOptions.Text("--kvm-device", "device of --mmu kvm", "/dev/kvm");
    private readonly Option<string> _chunk = RunOptions.Text("--chunk", "kvm, host: largest piece that is mapped and zapped at once", "16MiB");
    private readonly Option<string> _contexts = RunOptions.Text("--contexts", "kvm, host: roots that can exist at a time, 2 to 4096", "64");
    private readonly Option<string> _backing = RunOptions.Text("--backing", "kvm: memory behind the guest: shared (a memory file), anon or thp", "shared");
    private readonly Option<string> _zapAll = RunOptions.Text("--zap-all", "kvm: a deleted slot takes everything down (KVM_X86_QUIRK_SLOT_ZAP_ALL): on or off", "on");
    private readonly Option<string> _userfault = RunOptions.Text("--userfault", "host: missing pages are resolved by the rig through userfaultfd: on or off", "off");
    private readonly Option<string> _dirty = RunOptions.Text("--dirty", "kvm: dirty pages are fetched from a log or a ring", "log");

    private readonly Option<string> _drop = RunOptions.Text("--drop", "kernel: how the host drops guest memory: madvise, or punch (a hole in the memory file)", "madvise");

    public IEnumerable<Option> All => [_device, _chunk, _contexts, _backing, _zapAll, _userfault, _dirty, _drop];

    /// <exception cref="UsageException">A value cannot be.</exception>
    public HardwareSettings Read(ParseResult parsed)
    {
        string Of(Option<string> option) => parsed.GetValue(option) ?? "";
        long chunk = Quantities.Bytes("--chunk", Of(_chunk));
        if (chunk is < ChunkMin or > ChunkMax || !BitOperations.IsPow2(chunk)) throw Quantities.Bad("--chunk", Of(_chunk), "a power of two from 64KiB to 1GiB");
        HardwareSettings settings = new()
        {
            KvmDevice = Of(_device) is { Length: > 0 } device ? device : throw new UsageException("--kvm-device is empty; name the device, usually /dev/kvm."),
            ChunkBytes = chunk,
            Contexts = Quantities.Whole("--contexts", Of(_contexts), 2, 4096),
            Backing = Names.Choice("--backing", Of(_backing), ("shared", BackingKind.Shared), ("anon", BackingKind.Anonymous), ("thp", BackingKind.HugePages)),
            SlotZapAll = Names.Choice("--zap-all", Of(_zapAll), ("on", true), ("off", false)),
            Userfault = Names.Choice("--userfault", Of(_userfault), ("off", false), ("on", true)),
            Dirty = Names.Choice("--dirty", Of(_dirty), ("log", DirtyTracking.Log), ("ring", DirtyTracking.Ring)),
            Drop = Names.Choice("--drop", Of(_drop), ("madvise", MemoryDrop.DontNeed), ("punch", MemoryDrop.PunchHole)),
        };
        if (settings is { Drop: MemoryDrop.PunchHole, Backing: not BackingKind.Shared })
            throw new UsageException($"--drop punch needs a file to punch holes in: --backing shared, not {Of(_backing)}.");
        return settings;
    }
}
