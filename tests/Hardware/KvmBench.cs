using Lab.Hardware;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Hardware;

/// <summary>One context with its image, request words and a slot of memory: what a core needs to run the guest. Null where there
/// is no KVM.</summary>
internal sealed class KvmBench : IDisposable
{
    private readonly Kvm _kvm;
    private readonly VcpuRequests _requests;

    private KvmBench(int vcpus, HardwareSettings settings)
    {
        _kvm = Kvm.Open(settings.KvmDevice);
        _requests = new VcpuRequests(vcpus);
        Image = new GuestImage(vcpus, 2L << 30);
        Memory = new SlotMemory(settings.Backing);
        Context = new KvmContext(_kvm, vcpus, settings);
        Context.Attach(Image, _requests.Address, 4096);
        Cores = [.. Enumerable.Range(0, vcpus).Select(index => new KvmCore(
            Image, index, Image.RequestsBase + (ulong)(_requests.AddressOf(index) - _requests.Address),
            _requests.AddressOf(index), _ => Context))];
    }

    public KvmContext Context { get; }

    public GuestImage Image { get; }

    public SlotMemory Memory { get; }

    public IReadOnlyList<KvmCore> Cores { get; }

    public VcpuRequests Requests => _requests;

    /// <summary>A bench, or null where there is no KVM: then it is refused with a sentence that says what to do.</summary>
    public static KvmBench? TryMake(int vcpus = 1, HardwareSettings? settings = null)
    {
        settings ??= new HardwareSettings();
        try
        {
            return new KvmBench(vcpus, settings);
        }
        catch (HardwareUnavailableException refusal) when (settings.KvmDevice == "/dev/kvm")
        {
            Assert.Matches("use --mmu radix|run as root", refusal.Message);
            return null;
        }
    }

    /// <summary>Stamped memory at the range, of which one piece around its first frame is shown to the guest.</summary>
    public SlotBacking Show(GfnRange range, FrameStamp stamp, bool mayWrite = true)
    {
        SlotBacking backing = Memory.Allocate(range, stamp);
        lock (Context.Pieces.Lock)
        {
            Context.TryInstall(Context.Pieces.PieceAround(range.Start, backing, slot: 0) with { MayWrite = mayWrite });
        }
        return backing;
    }

    /// <summary>Lists the accesses and runs them on core 0.</summary>
    public CoreExit Run(params (ulong Gfn, AccessKind Kind)[] accesses)
    {
        for (int index = 0; index < accesses.Length; index++)
        {
            Cores[0].Put(index, new Gfn(accesses[index].Gfn), accesses[index].Kind);
        }
        return Cores[0].Run(TdpRoot.None, 0, accesses.Length);
    }

    public void Dispose()
    {
        Context.Dispose();
        Image.Dispose();
        Memory.Dispose();
        _requests.Dispose();
        _kvm.Dispose();
    }
}
