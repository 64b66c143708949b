namespace Lab.Mmu;

/// <summary>What a guest access found in the frame it reached: which slot, in which of its generations, owns the frame.</summary>
public readonly record struct FrameStamp(ulong Word)
{
    /// <summary>Frame of no slot: it was freed.</summary>
    public const int FreedSlot = 0xffff;

    public static FrameStamp Of(int slot, ulong generation) => new(((ulong)slot << 48) | generation);

    public int Slot => (int)(Word >> 48);

    public ulong Generation => Word & 0xffff_ffff_ffff;

    public override string ToString() => Slot == FreedSlot ? $"freed in generation {Generation}" : $"slot {Slot} generation {Generation}";
}

/// <summary>
/// The memory behind the guest. Every generation of a memslot has one 4 KiB frame that all its guest frames share; its first word is
/// the stamp by which an access proves whose memory it reached. So 4 GiB of guest cost one page, and staleness stays visible.
/// </summary>
/// <remarks>
/// A freed frame is stamped as freed and waits in line before it is used again. Allocation and freeing happen under slots_lock;
/// guests read stamps at any time.
/// </remarks>
public sealed unsafe class GuestMemory : IDisposable
{
    private const int FrameBytes = 4096;
    private const int FrameCount = 2048;

    private readonly NativeBlock _block = new((long)FrameCount * FrameBytes);
    private readonly Queue<ulong> _free = new();
    private int _everUsed;

    /// <summary>Address of a frame that now carries the stamp.</summary>
    internal ulong Allocate<TMachine>(TMachine machine, FrameStamp stamp)
        where TMachine : struct, IMachine
    {
        // Frames never used come first, so that a freed one keeps its stamp for long.
        ulong frame = _everUsed < FrameCount ? (ulong)(_block.Address + (long)_everUsed++ * FrameBytes) : _free.Dequeue();
        machine.Store(ref StampOf(frame), stamp.Word);
        return frame;
    }

    /// <summary>Stamps the frame as freed and hands it back. No translation may lead to it any more.</summary>
    internal void Free<TMachine>(TMachine machine, ulong frame, ulong generation)
        where TMachine : struct, IMachine
    {
        machine.Store(ref StampOf(frame), FrameStamp.Of(FrameStamp.FreedSlot, generation).Word);
        _free.Enqueue(frame);
    }

    /// <summary>The word by which an access proves whose memory it reached.</summary>
    // SAFETY: every frame address that reaches an SPTE came from this block, which lives until the VM is disposed of.
    internal static ref ulong StampOf(ulong frame) => ref *(ulong*)frame;

    internal static FrameStamp Read(ulong frame) => new(Volatile.Read(ref StampOf(frame)));

    /// <summary>The guest's own store: one word per vCPU, on its own cache line of the frame.</summary>
    internal static void Write(ulong frame, int vcpu, ulong value) =>
        Volatile.Write(ref *(ulong*)(frame + (ulong)(64 * (1 + vcpu % 63))), value);

    internal bool Holds(nint word) => word >= (nint)_block.Address && word < (nint)(_block.Address + _block.Bytes);

    public void Dispose() => _block.Dispose();
}
