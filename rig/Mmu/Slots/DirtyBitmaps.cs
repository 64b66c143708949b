using System.Numerics;

namespace Lab.Mmu;

/// <summary>Which frames of a memslot were written since somebody last asked: a bit per frame, in native memory, for slots that
/// the lab has itself (kernel: dirty_bitmap, KVM_GET_DIRTY_LOG).</summary>
/// <remarks>
/// <b>Source.</b> kvm_get_dirty_log_protect and mark_page_dirty_in_slot, Linux 6.16, by write protection, without PML. A fault
/// that makes a frame writable sets its bit first, in the same section of mmu_lock. A harvest takes the bits and write-protects
/// those frames in all valid roots, with yields where the kernel has none, then flushes, then hands them out.
/// <para><b>Exclusive.</b> Under the shared hold a harvest could stand between a fault's mark and its install: the bit is taken,
/// nothing is writable yet, and then it is, with no bit (reference 11.5).</para>
/// <para><b>What holds</b> while no harvest is under way: a translation that allows writing has its bit, or there is a request to
/// forget it.</para>
/// </remarks>
public unsafe class DirtyBitmaps<TMachine>(Vm<TMachine> vm) : IDisposable
    where TMachine : struct, IMachine
{
    // SAFETY: the bits of a slot lie in a block of this object, as many words as its frames need, and stay until the VM goes.
    private const int FirstBytes = 4096;
    private const int FramesPerWord = 64;

    private readonly NativeBlock _first = new(FirstBytes);
    private readonly List<NativeBlock> _more = [];

    /// <summary>By number of a slot, where its bits are and for how many words there is room. Under slots_lock.</summary>
    private readonly Dictionary<int, (nint Bits, long Words)> _places = [];
    private readonly List<GfnRange> _taken = [];
    private long _firstUsed;
    private long _sequence;

    /// <summary>Odd while frames are being write-protected; it grows with every harvest and every change of flags.</summary>
    public long Sequence => Volatile.Read(ref _sequence);

    protected Vm<TMachine> Vm { get; } = vm;

    private TMachine Machine => Vm.Machine;

    public void Dispose()
    {
        _first.Dispose();
        foreach (NativeBlock block in _more) block.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Cleared bits for the slot, if it logs; nobody may be using those that it had. Hold slots_lock.</summary>
    internal Memslot WithBits(in Memslot slot)
    {
        if ((slot.Flags & MemslotFlags.LogDirtyPages) == 0) return slot with { DirtyBits = 0 };
        long words = WordsOf(slot);
        if (!_places.TryGetValue(slot.Id, out (nint Bits, long Words) place) || place.Words < words)
        {
            _places[slot.Id] = place = (NewBits(words), words);
        }
        for (long word = 0; word < words; word++)
        {
            ref ulong bits = ref ((ulong*)place.Bits)[word];
            if (Machine.LoadRelaxed(ref bits) != 0) Machine.StoreRelaxed(ref bits, 0);
        }
        return slot with { DirtyBits = place.Bits };
    }

    /// <summary>A change that write-protects and flushes is under way.</summary>
    internal void Begin() => Volatile.Write(ref _sequence, _sequence + 1);

    internal void End() => Volatile.Write(ref _sequence, _sequence + 1);

    /// <summary>The frame is about to become writable, or has become so without a lock and is not written yet.</summary>
    internal void Mark(in Memslot slot, Gfn gfn)
    {
        ulong frame = gfn.Value - slot.Range.Start.Value;
        ref ulong word = ref ((ulong*)slot.DirtyBits)[frame / FramesPerWord];
        ulong bit = 1UL << (int)(frame % FramesPerWord);
        if ((Machine.Load(ref word) & bit) == 0) Machine.Or(ref word, bit);
    }

    /// <summary>Takes the bits; the number of frames. On return a write to any of them is marked again. Hold
    /// slots_lock.</summary>
    internal long Collect(in Memslot slot)
    {
        Begin();
        long frames;
        bool flush;
        if (IsExclusive)
        {
            ExclusiveHold hold = Vm.EnterExclusive();
            (frames, flush) = TakeAndProtect(slot, hold);
            Vm.Exit(hold);
        }
        else
        {
            SharedHold hold = Vm.EnterShared();
            (frames, flush) = TakeAndProtect(slot, hold);
            Vm.Exit(hold);
        }
        if (flush) Flush();
        End();
        return frames;
    }

    /// <summary>True if the frame is in a slot that logs, and not marked. An oracle's look: no step of the machine but the
    /// section.</summary>
    internal bool IsClean(Gfn gfn)
    {
        Machine.EnterRcu(Vm.Slots.Srcu);
        // Looked at again after: what is being marked is marked by then.
        bool isClean = Vm.Slots.Published.TryFind(gfn, out Memslot slot) && IsClean(slot, gfn) && !Vm.Lockless.IsFixing
            && IsClean(slot, gfn);
        Machine.ExitRcu(Vm.Slots.Srcu);
        return isClean;
    }

    /// <summary>Likewise, of a slot that stays.</summary>
    internal static bool IsClean(in Memslot slot, Gfn gfn)
    {
        if (slot.DirtyBits == 0) return false;
        ulong frame = gfn.Value - slot.Range.Start.Value;
        ulong word = Volatile.Read(ref ((ulong*)slot.DirtyBits)[frame / FramesPerWord]);
        return (word >> (int)(frame % FramesPerWord) & 1) == 0;
    }

    internal string? NameOf(nint word)
    {
        foreach ((int id, (nint bits, long words)) in _places)
        {
            if (word >= bits && word < bits + (nint)(words * sizeof(ulong))) return $"dirty bits of slot {id}";
        }
        return null;
    }

    protected virtual bool IsExclusive => true;

    /// <summary>Before the bits are handed out (I21).</summary>
    protected virtual void Flush() => Vm.Mmu.FlushRemoteTlbs();

    private static long WordsOf(in Memslot slot) => (long)((slot.Range.Frames + FramesPerWord - 1) / FramesPerWord);

    private nint NewBits(long words)
    {
        long bytes = words * sizeof(ulong);
        if (_firstUsed + bytes <= FirstBytes)
        {
            _firstUsed += bytes;
            return (nint)(_first.Address + _firstUsed - bytes);
        }
        NativeBlock block = new(bytes);
        _more.Add(block);
        return (nint)block.Address;
    }

    private (long Frames, bool Flush) TakeAndProtect(in Memslot slot, MmuHold hold)
    {
        long frames = TakeBits(slot);
        bool flush = false;
        if (_taken.Count == 0) return (frames, flush);
        RootStrategy<TMachine> roots = Vm.Strategy;
        for (TdpRoot root = roots.NextRoot(TdpRoot.None, RootFilter.ValidOnly, hold); !root.IsNone;
             root = roots.NextRoot(root, RootFilter.ValidOnly, hold))
        {
            foreach (GfnRange range in _taken) flush |= Vm.Mmu.WriteProtect(root, range, hold);
        }
        return (frames, flush);
    }

    /// <summary>Exchanges the bits with zero, word by word, and notes the frames as ranges.</summary>
    private long TakeBits(in Memslot slot)
    {
        _taken.Clear();
        long frames = 0;
        ulong runStart = 0, runEnd = 0;
        for (long word = 0, words = WordsOf(slot); word < words; word++)
        {
            ref ulong place = ref ((ulong*)slot.DirtyBits)[word];
            ulong bits = Machine.Load(ref place) == 0 ? 0 : Machine.Exchange(ref place, 0);
            frames += BitOperations.PopCount(bits);
            ulong at = slot.Range.Start.Value + (ulong)word * FramesPerWord;
            while (bits != 0)
            {
                int skip = BitOperations.TrailingZeroCount(bits);
                int length = BitOperations.TrailingZeroCount(~(bits >> skip));
                if (at + (ulong)skip != runEnd)
                {
                    if (runEnd != runStart) _taken.Add(new GfnRange(new Gfn(runStart), new Gfn(runEnd)));
                    runStart = at + (ulong)skip;
                }
                runEnd = at + (ulong)(skip + length);
                bits = skip + length >= FramesPerWord ? 0 : bits & (ulong.MaxValue << (skip + length));
            }
        }
        if (runEnd != runStart) _taken.Add(new GfnRange(new Gfn(runStart), new Gfn(runEnd)));
        return frames;
    }
}
