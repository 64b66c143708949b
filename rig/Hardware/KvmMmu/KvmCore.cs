using System.Text;
using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>A lab vCPU's way into the guest: runs the guest program on the vCPU of its number in whichever context the root
/// has.</summary>
internal sealed class KvmCore : IVcpuCore
{
    /// <summary>Times that the same access may leave the guest in a way that a slot going away explains, before it is called a
    /// failure.</summary>
    private const int ExcusesMax = 64;

    private const ulong PageMask = ~0xfffUL;

    private readonly GuestImage _image;
    private readonly GuestBatch _batch;
    private readonly int _index;
    private readonly ulong _guestRequests;
    private readonly nint _requestWord;
    private readonly Func<TdpRoot, KvmContext?> _contextOf;
    private KvmVcpu? _current;
    private bool _mustRestart;
    private int _excuses;

    /// <param name="image">Holds the vCPU's batch.</param>
    /// <param name="index">Number of the vCPU.</param>
    /// <param name="guestRequests">Guest address of its request word.</param>
    /// <param name="requestWord">Address of the same word here.</param>
    /// <param name="contextOf">The context of a root, null if the root is dead.</param>
    public KvmCore(GuestImage image, int index, ulong guestRequests, nint requestWord, Func<TdpRoot, KvmContext?> contextOf)
    {
        _image = image;
        _batch = image.Batches[index];
        _index = index;
        _guestRequests = guestRequests;
        _requestWord = requestWord;
        _contextOf = contextOf;
    }

    public int Capacity => GuestBatch.Capacity;

    public Span<GuestTouch> Touches => _batch.Touches;

    public void Put(int index, Gfn gfn, AccessKind kind) => _batch.Put(index, gfn, kind);

    public CoreExit Run(TdpRoot root, int first, int end)
    {
        if (_contextOf(root) is not { } context) return new CoreExit(CoreExitReason.Failed, first,
            "the root was freed while the vCPU held it (I3)");
        KvmVcpu vcpu = context.Vcpus[_index];
        if (vcpu != _current || _mustRestart)
        {
            _image.Restart(vcpu, _guestRequests);
            Volatile.Write(ref _current, vcpu);
            _mustRestart = false;
        }
        _batch[GuestBatch.FirstOffset] = (ulong)first;
        _batch[GuestBatch.EndOffset] = (ulong)end;
        _batch[GuestBatch.NextOffset] = (ulong)first;
        try
        {
            return Leave(vcpu, vcpu.Run(), first, end);
        }
        catch (SystemCallException error)
        {
            _mustRestart = true;
            return Failed(vcpu, $"{error.Message.TrimEnd('.')}: the memory behind a slot is gone, or KVM cannot run this guest");
        }
    }

    public void Kick() => Volatile.Read(ref _current)?.Kick();

    /// <summary>The contexts belong to the host, the batch to the image.</summary>
    public void Dispose() { }

    private CoreExit Leave(KvmVcpu vcpu, KvmExit exit, int first, int end)
    {
        int next = (int)_batch[GuestBatch.NextOffset];
        if (next < first || next > end) return Failed(vcpu,
            $"the guest is at access {next}, which is not one of {first} to {end}");
        switch (exit)
        {
            case KvmExit.Io when vcpu.Page.IoPort == GuestProgram.Port:
                _excuses = 0;
                return new CoreExit((CoreExitReason)_batch[GuestBatch.ReasonOffset], next);
            case KvmExit.Mmio when next < end && (vcpu.Page.MmioAddress & PageMask) == _batch[(Index)next].Gfn.Value << 12:
                vcpu.FinishMmio(GuestBatch.Hole);
                _mustRestart = true;
                return new CoreExit(CoreExitReason.Fault, next);
            case KvmExit.Interrupted:
            case KvmExit.DirtyRingFull:
                // Out of the guest in the middle of an access, which is made again. A full ring waits for its harvester.
                _mustRestart = true;
                return new CoreExit(CoreExitReason.Request, next);
            case KvmExit.InternalError when next < end && _batch[(Index)next].Kind == AccessKind.Execute
                && _excuses++ < ExcusesMax:
                // An instruction cannot be fetched from where no slot is: the page went after its stamp was read.
                _mustRestart = true;
                return new CoreExit(CoreExitReason.Fault, next);
            default:
                return Failed(vcpu, $"KVM_RUN left with {Describe(vcpu, exit)}");
        }
    }

    private static string Describe(KvmVcpu vcpu, KvmExit exit) => exit switch
    {
        KvmExit.Mmio => $"MMIO at 0x{vcpu.Page.MmioAddress:x}, {vcpu.Page.MmioBytes} bytes "
            + $"{(vcpu.Page.MmioIsWrite != 0 ? "written" : "read")}, which the guest was not asked for",
        KvmExit.Io => $"a port access at 0x{vcpu.Page.IoPort:x}",
        KvmExit.Shutdown => "a triple fault",
        KvmExit.InternalError => $"an internal error, suberror {vcpu.Page.Suberror}",
        KvmExit.FailEntry => $"a failed entry, hardware reason 0x{vcpu.Page.EntryFailure:x}",
        _ => $"exit reason {exit}",
    };

    private CoreExit Failed(KvmVcpu vcpu, string what)
    {
        _mustRestart = true;
        int next = Math.Clamp((int)_batch[GuestBatch.NextOffset], 0, GuestBatch.Capacity - 1);
        StringBuilder text = new(what);
        text.Append("; ").Append(vcpu.Regs).Append("; requests ").Append(Volatile.Read(ref RequestWord))
            .Append("; last accesses");
        for (int index = Math.Max(0, next - 3); index <= next; index++)
        {
            text.Append(' ').Append(_batch[(Index)index].Kind).Append(' ').Append(_batch[(Index)index].Gfn);
        }
        return new CoreExit(CoreExitReason.Failed, next, text.ToString());
    }

    // SAFETY: the word belongs to the VM's requests, which outlive its vCPUs.
    private unsafe ref ulong RequestWord => ref *(ulong*)_requestWord;
}
