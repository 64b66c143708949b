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
/// <remarks>
/// A freed frame is stamped as freed and waits in line before it is used again. Allocation and freeing happen under slots_lock;
/// guests read stamps at any time.
/// <para>Where the host takes memory away piece by piece (<see cref="Divide"/>), each piece of a slot has a few frames of its
/// own, and lies in one of them. Which it is stands in a word of the first, behind the stamp: that is what a fault looks up, and
/// what <see cref="Take"/> changes.</para>
/// </remarks>
public sealed unsafe class GuestMemory<TMachine>(TMachine machine) : IGuestMemory, IDisposable
    where TMachine : struct, IMachine
{
    // SAFETY: backings lie in the block, and one of so many pieces has FramesPerPiece frames for each of them.
    /// <summary>Pieces into which a large slot may be divided: there must be room for others, and for those made anew.</summary>
    internal const int PiecesOfSlotMax = 512;

    private const int FrameBytes = 4096;

    /// <summary>Of the word behind the stamp; what vCPUs write lies on other cache lines.</summary>
    private const int PlaceOffset = sizeof(ulong);
    private const int FrameCount = 2048;
    private const int DividedFrameCount = 5 * FrameCount;

    /// <summary>Frames that a piece goes through before the first is used again.</summary>
    private const int FramesPerPiece = 4;

    private readonly NativeBlock _block = new((long)DividedFrameCount * FrameBytes);
    private readonly Queue<Hva> _free = new();

    /// <summary>Pieces of each divided backing that there is or was.</summary>
    private readonly Dictionary<Hva, int> _pieces = [];
    private int _everUsed;
    private long _freed;

    /// <summary>Nothing is left to do: a frame is stamped when it is allocated and when it is freed.</summary>
    public bool NeedsSettling => false;

    /// <summary>Frames stamped as freed so far. Any thread.</summary>
    public long Freed => Volatile.Read(ref _freed);

    /// <summary>Guest frames that share a frame; zero: all of the slot's.</summary>
    public ulong PieceFrames { get; private set; }

    /// <summary>From now on, before the first slot: slots are divided into pieces of so many guest frames.</summary>
    internal void Divide(ulong frames) => PieceFrames = frames;

    /// <summary>Address of a frame that now carries the stamp; of the first of the frames, if slots are divided.</summary>
    public Hva AllocateBacking(GfnRange range, FrameStamp stamp)
    {
        if (PieceFrames != 0) return Lay((int)((range.Frames + PieceFrames - 1) / PieceFrames), stamp);
        // Frames never used come first, so that a freed one keeps its stamp for long.
        Hva frame = _everUsed < FrameCount ? NeverUsed(1) : _free.Dequeue();
        machine.Store(ref FrameStamp.At(frame), stamp.Word);
        return frame;
    }

    /// <summary>Stamps the frames as freed and hands them back. No translation may lead to them any more.</summary>
    public void FreeBacking(Hva backing, ulong generation)
    {
        ulong freed = FrameStamp.Of(FrameStamp.FreedSlot, generation).Word;
        if (PieceFrames == 0) machine.Store(ref FrameStamp.At(backing), freed);
        else for (int piece = 0; piece < _pieces[backing]; piece++)
        {
            machine.Store(ref FrameStamp.At(new Hva(machine.Load(ref Place(backing, piece)))), freed);
        }
        _free.Enqueue(backing);
        Interlocked.Increment(ref _freed);
    }

    /// <summary>The frame that a guest frame of the slot lies in now. Inside the SRCU section in which the slot was
    /// found.</summary>
    internal Hva FrameOf(in Memslot slot, Gfn gfn) =>
        new(machine.Load(ref Place(slot.Hva, (int)((gfn.Value - slot.Range.Start.Value) / PieceFrames))));

    /// <summary>The host unmaps the range: each piece of the slot that lies in it whole gets a new frame, and the old one is
    /// stamped as freed. Inside the SRCU section in which the slot was found; beside faults and others who take.</summary>
    internal void Take(in Memslot slot, GfnRange range)
    {
        int pieces = (int)((slot.Range.Frames + PieceFrames - 1) / PieceFrames);
        for (int piece = 0; piece < pieces; piece++)
        {
            ulong start = slot.Range.Start.Value + (ulong)piece * PieceFrames;
            ulong end = Math.Min(start + PieceFrames, slot.Range.End.Value);
            if (start < range.Start.Value || end > range.End.Value) continue;
            ref ulong place = ref Place(slot.Hva, piece);
            ulong old = machine.Load(ref place);
            ulong first = FirstFrame(slot.Hva, piece).Value;
            ulong next = first + (old - first + FrameBytes) % (FramesPerPiece * FrameBytes);
            machine.Store(ref FrameStamp.At(new Hva(next)), FrameStamp.Of(slot.Id, slot.Generation).Word);
            // Lost only to somebody who took the same piece: it is gone.
            if (machine.CompareExchange(ref place, next, old) != old) continue;
            machine.Store(ref FrameStamp.At(new Hva(old)), FrameStamp.Of(FrameStamp.FreedSlot, slot.Generation).Word);
            Interlocked.Increment(ref _freed);
        }
    }

    /// <summary>True if the frame was taken or freed. An oracle's look: no step of the machine.</summary>
    internal static bool IsFreed(Hva frame) =>
        new FrameStamp(Volatile.Read(ref FrameStamp.At(frame))).Slot == FrameStamp.FreedSlot;

    /// <summary>Nothing to do: a software walk asks the slot.</summary>
    public void SetBackingFlags(Hva backing, MemslotFlags flags) { }

    public void SettleBacking(FrameStamp next) { }

    /// <summary>What a word of the memory is called, or null if it is none.</summary>
    internal string? NameOf(nint word)
    {
        if (word < (nint)_block.Address || word >= (nint)(_block.Address + _block.Bytes)) return null;
        return word % FrameBytes == PlaceOffset ? "the frame of a page" : "a frame's stamp";
    }

    /// <summary>What an address of a frame is called, or null if it is none: the address itself differs from VM to VM.</summary>
    internal string? FrameNameOf(ulong address)
    {
        ulong first = (ulong)_block.Address, offset = address - first;
        return address >= first && offset < (ulong)_block.Bytes && offset % FrameBytes == 0
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"frame {offset / FrameBytes}") : null;
    }

    public void Dispose() => _block.Dispose();

    private static Hva FirstFrame(Hva backing, int piece) => backing + (ulong)piece * FramesPerPiece * FrameBytes;

    /// <summary>The address of the frame that the piece lies in.</summary>
    private static ref ulong Place(Hva backing, int piece) => ref FrameStamp.At(FirstFrame(backing, piece) + PlaceOffset);

    private Hva NeverUsed(int frames)
    {
        Hva first = new((ulong)(_block.Address + (long)_everUsed * FrameBytes));
        _everUsed += frames;
        return first;
    }

    /// <summary>Frames for so many pieces, each lying in its first, which is stamped.</summary>
    private Hva Lay(int pieces, FrameStamp stamp)
    {
        int frames = pieces * FramesPerPiece;
        Hva backing = _everUsed + frames <= DividedFrameCount ? NeverUsed(frames) : Again(pieces);
        _pieces[backing] = pieces;
        for (int piece = 0; piece < pieces; piece++)
        {
            Hva frame = FirstFrame(backing, piece);
            machine.Store(ref FrameStamp.At(frame), stamp.Word);
            machine.Store(ref Place(backing, piece), frame.Value);
        }
        return backing;
    }

    /// <summary>The backing of so many pieces that was freed first.</summary>
    private Hva Again(int pieces)
    {
        for (int looked = _free.Count; looked > 0; looked--)
        {
            Hva backing = _free.Dequeue();
            if (_pieces[backing] == pieces) return backing;
            _free.Enqueue(backing);
        }
        throw new InsufficientMemoryException($"There is no room for another slot of {pieces} pieces.");
    }
}
