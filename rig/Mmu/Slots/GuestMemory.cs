namespace Lab.Mmu;

/// <summary>What a guest access found in the frame it reached: which slot, in which of its generations, owns the frame.</summary>
public readonly unsafe record struct FrameStamp(ulong Word)
{
    /// <summary>Frame of no slot: it was freed.</summary>
    public const int FreedSlot = 0xffff;

    public static FrameStamp Of(int slot, ulong generation) => new(((ulong)slot << 48) | generation);

    /// <summary>The word by which an access proves whose memory it reached.</summary>
    // SAFETY: every frame address that reaches an SPTE came from a guest memory, which lives until the VM is disposed of.
    internal static ref ulong At(Hva page) => ref *(ulong*)page.Value;

    public int Slot => (int)(Word >> 48);

    public ulong Generation => Word & 0xffff_ffff_ffff;

    public override string ToString() =>
        Slot == FreedSlot ? $"freed in generation {Generation}" : $"slot {Slot} generation {Generation}";
}

/// <summary>The memory behind the guest of a software walk. Every generation of a memslot has one 4 KiB frame that all its guest
/// frames share; its first word is the stamp by which an access proves whose memory it reached. So 4 GiB of guest cost one page,
/// and staleness stays visible.</summary>
/// <remarks>A freed frame is stamped as freed and waits in line before it is used again. Allocation and freeing happen under
/// slots_lock; guests read stamps at any time.</remarks>
public sealed unsafe class GuestMemory<TMachine>(TMachine machine) : IGuestMemory, IDisposable
    where TMachine : struct, IMachine
{
    private const int FrameBytes = 4096;
    private const int FrameCount = 2048;

    private readonly NativeBlock _block = new((long)FrameCount * FrameBytes);
    private readonly Queue<Hva> _free = new();
    private int _everUsed;
    private long _freed;

    /// <summary>Nothing is left to do: a frame is stamped when it is allocated and when it is freed.</summary>
    public bool NeedsSettling => false;

    /// <summary>Frames stamped as freed so far. Any thread.</summary>
    public long Freed => Volatile.Read(ref _freed);

    /// <summary>Address of a frame that now carries the stamp.</summary>
    public Hva AllocateBacking(GfnRange range, FrameStamp stamp)
    {
        // Frames never used come first, so that a freed one keeps its stamp for long.
        Hva frame = _everUsed < FrameCount ? new((ulong)(_block.Address + (long)_everUsed++ * FrameBytes)) : _free.Dequeue();
        machine.Store(ref FrameStamp.At(frame), stamp.Word);
        return frame;
    }

    /// <summary>Stamps the frame as freed and hands it back. No translation may lead to it any more.</summary>
    public void FreeBacking(Hva backing, ulong generation)
    {
        machine.Store(ref FrameStamp.At(backing), FrameStamp.Of(FrameStamp.FreedSlot, generation).Word);
        _free.Enqueue(backing);
        Volatile.Write(ref _freed, _freed + 1);
    }

    /// <summary>Nothing to do: a software walk asks the slot.</summary>
    public void SetBackingFlags(Hva backing, MemslotFlags flags) { }

    public void SettleBacking(FrameStamp next) { }

    internal bool Holds(nint word) => word >= (nint)_block.Address && word < (nint)(_block.Address + _block.Bytes);

    public void Dispose() => _block.Dispose();
}
