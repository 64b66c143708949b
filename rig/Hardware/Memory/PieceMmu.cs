using System.Diagnostics;
using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>
/// An MMU whose roots are address spaces out of a pool: a fault on a hole maps a piece, a zap takes pieces away one by one and yields between
/// them, freeing gives the space back. What a space is and how a piece is mapped differs; the life of roots does not.
/// </summary>
/// <remarks>
/// Where the radix MMU has a CAS per SPTE, this has a lock per root around a table and a system call, since the kernel serialises those calls per
/// address space anyway. So <see cref="Map"/> may sleep, briefly. No read-side section is held over a system call; a caller's may be.
/// </remarks>
internal abstract unsafe class PieceMmu<TMachine> : IHardwareMmu, IReclaim
    where TMachine : struct, IMachine
{
    private readonly TMachine _machine;
    private readonly VmSettings _settings;
    private readonly MmuLock _mmuLock;
    private readonly Oracle _oracle;
    private readonly SlotMemory _memory;
    private readonly RootPool _roots = new();
    private readonly Rcu _rcu;
    private readonly HashSet<ulong> _backings = [];
    private long _pages;
    private long _pagesMax;

    protected PieceMmu(Vm<TMachine> vm, SlotMemory memory)
    {
        _machine = vm.Machine;
        _settings = vm.Settings;
        _mmuLock = vm.MmuLock;
        _oracle = vm.Oracle;
        _memory = memory;
        _rcu = new Rcu("roots", this, vm.Settings.GracePeriodMin);
    }

    public abstract string Name { get; }

    public virtual ISlotKernel? SlotKernel => null;

    public Rcu Rcu => _rcu;

    /// <summary>Pieces that are mapped and spaces that roots have: what stands for table pages here.</summary>
    public long TablePages => Volatile.Read(ref _pages);

    public long TablePagesMax => Volatile.Read(ref _pagesMax);

    protected SlotMemory Memory => _memory;

    /// <summary>Nothing is cached: the kernel has its own.</summary>
    public TableCache NewCache() => new(arena: null);

    public abstract IVcpuCore NewCore(int vcpu, nint requestWord);

    public TdpRoot CreateRoot(TableCache cache, RootRole role)
    {
        int number = TakeSpace();
        if (number == 0) return TdpRoot.None;
        // Spaces have numbers from one, so that a header whose table is null has none.
        RootHeader* header = _roots.Allocate((ulong*)number, role);
        if (header == null)
        {
            GiveBack(number);
            return TdpRoot.None;
        }
        Count(1);
        TdpRoot root = new(header);
        Actor actor = Actor.Current;
        actor.Counters.RootsCreated++;
        actor.Events.Record(MmuEventKind.GetPage, root.Id, 0, 0, role.Level, shared: false, invalid: false);
        return root;
    }

    public MapOutcome Map(TableCache cache, TdpRoot root, in Mapping mapping)
    {
        if (SpaceOf(root) is not { } space) return MapOutcome.Retry;
        lock (space.Pieces.Lock)
        {
            bool found = space.Pieces.TryFind(mapping.Gfn, out Piece piece);
            if (found && (piece.MayWrite || !mapping.Write)) return MapOutcome.Spurious;
            if (!found)
            {
                SlotBacking backing = _memory.Find(mapping.Frame);
                piece = space.Pieces.PieceAround(mapping.Gfn, backing, slot: 0);
            }
            space.Install(Allow(piece, mapping));
            if (found) return MapOutcome.Fixed;
        }
        Count(1);
        Actor.Current.Counters.TablesInstalled++;
        return MapOutcome.Fixed;
    }

    /// <summary>The processor walks, not the lab: who gets here has a vCPU without a core.</summary>
    public WalkOutcome Walk(TdpRoot root, Gfn gfn, bool write, out ulong spte)
    {
        spte = 0;
        return WalkOutcome.Fault;
    }

    /// <inheritdoc/>
    /// <remarks>One pass whatever the granularity asked for: a piece is the least that is zapped and the most between two looks at the lock.</remarks>
    public void ZapRoot(TdpRoot root, MmuHold hold, ZapPasses passes, bool mayYield, IZapHooks? hooks)
    {
        Actor.Current.Events.Record(MmuEventKind.ZapRoot, root.Id, (long)root.Count, 0, 0, hold.IsShared, (root.Role & RootRole.Invalid) != 0);
        ForEachPiece(root, GfnRange.All, hold, mayYield, piece => Zap(root, piece, hold, hooks));
    }

    /// <inheritdoc/>
    /// <remarks>Takes whole pieces: more than the range may go and is faulted in again. Nothing is owed: the kernel has flushed when it returns.</remarks>
    public virtual bool ZapLeafs(TdpRoot root, GfnRange range, ExclusiveHold hold, bool mayYield, bool flush)
    {
        ForEachPiece(root, range, hold, mayYield, piece => Zap(root, piece, hold, hooks: null));
        return false;
    }

    /// <inheritdoc/>
    /// <remarks>Nothing is owed: the kernel has flushed when it returns.</remarks>
    public bool WriteProtect(TdpRoot root, GfnRange range, SharedHold hold)
    {
        ForEachPiece(root, range, hold, mayYield: true, piece => WriteProtect(root, piece));
        return false;
    }

    /// <summary>Nothing is left to do: every call that took something away came back with the TLBs flushed. Counted, as on the radix MMU.</summary>
    public void FlushRemoteTlbs()
    {
        Actor actor = Actor.Current;
        actor.Counters.RemoteFlushes++;
        actor.Events.Record(MmuEventKind.FlushTlb, 0, 0, 0, 0, shared: false, invalid: false);
    }

    public void FreeRoot(TdpRoot root) => _machine.CallRcu(_rcu, (nint)root.Header, RcuKind.Root);

    /// <inheritdoc/>
    /// <remarks>Pieces at the upper levels. At the lowest the frames that they make reachable: the kernel does not say which it has mapped.</remarks>
    public virtual long CountPresent(TdpRoot root, GfnRange range, int minLevel)
    {
        if (SpaceOf(root) is not { } space) return 0;
        (long pieces, long frames) = space.Pieces.CountIn(range);
        return minLevel > Spte.LeafLevel ? pieces : frames;
    }

    public ulong AllocateBacking(GfnRange range, FrameStamp stamp)
    {
        ulong address = _memory.Allocate(range, stamp).Address;
        lock (_backings) _backings.Add(address);
        return address;
    }

    public void FreeBacking(ulong backing, ulong generation)
    {
        lock (_backings) _backings.Remove(backing);
        _memory.Free(backing, generation);
    }

    public void SettleBacking(FrameStamp next) => _memory.Settle(next);

    public virtual void Dispose()
    {
        _rcu.Dispose();
        _roots.Dispose();
        // Slots that the VM had when it was destroyed.
        foreach (ulong backing in _backings) _memory.Free(backing, generation: 0);
        _backings.Clear();
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs on the reclaimer's thread, after the root's grace period.</summary>
    void IReclaim.Reclaim(nint node, RcuKind kind)
    {
        RootHeader* header = (RootHeader*)node;
        TdpRoot root = new(header);
        Actor.Current.Events.Record(MmuEventKind.FreeRoot, root.Id, (long)root.Count, 0, 0, shared: false, invalid: true);
        if (header->State != (ulong)RootState.Unlinked)
        {
            _oracle.Report("I2", "A root is handed to the reclaimer exactly once.", $"{root} was freed while {(RootState)header->State}", root.Id);
            return;
        }
        int number = NumberOf(root);
        if (SpaceOf(root) is { } space && space.Pieces.Count > 0)
        {
            _oracle.Report("I9", "A root is freed only when no SPTE is present under it.",
                $"{root} was freed with {space.Pieces.Count} pieces still mapped", root.Id);
            lock (space.Pieces.Lock)
            {
                while (space.Pieces.TryNext(new Gfn(0), GfnRange.All.End, out Piece piece)) RemoveAndCount(space, piece);
            }
        }
        // Dead first: who looks at a root without a reference and finds it alive afterwards has seen its own space.
        _roots.Free(header, deadTable: null);
        GiveBack(number);
        Count(-1);
    }

    /// <summary>The number of a space that no root has, or zero if all are taken. Any thread.</summary>
    protected abstract int TakeSpace();

    /// <summary>Takes a space back, with nothing mapped in it.</summary>
    protected abstract void GiveBack(int number);

    /// <summary>The space of that number.</summary>
    protected abstract IRootSpace Space(int number);

    /// <summary>The piece with the rights that the mapping gives it.</summary>
    protected abstract Piece Allow(in Piece piece, in Mapping mapping);

    /// <summary>The root's space, or null if the root is dead.</summary>
    protected IRootSpace? SpaceOf(TdpRoot root) => NumberOf(root) is > 0 and int number ? Space(number) : null;

    private static int NumberOf(TdpRoot root) => (int)(nint)root.Table;

    private void Zap(TdpRoot root, in Piece piece, MmuHold hold, IZapHooks? hooks)
    {
        if (SpaceOf(root) is not { } space) return;
        hooks?.OnDetach(root);
        lock (space.Pieces.Lock)
        {
            // Somebody else may have taken it meanwhile, and its neighbour's frames are not ours.
            if (space.Pieces.TryFind(piece.Range.Start, out Piece found) && found == piece)
            {
                RemoveAndCount(space, piece);
                Actor actor = Actor.Current;
                actor.Counters.TablesZapped++;
                actor.Counters.LeafsZapped += (long)piece.Range.Frames;
                actor.Events.Record(MmuEventKind.ZapPage, root.Id, 0, piece.Range.Start.Value, Spte.LeafLevel, hold.IsShared, invalid: false);
            }
        }
        hooks?.OnSubtreeDone(root);
    }

    private void WriteProtect(TdpRoot root, in Piece piece)
    {
        if (SpaceOf(root) is not { } space) return;
        lock (space.Pieces.Lock)
        {
            if (piece.MayWrite && space.Pieces.TryFind(piece.Range.Start, out Piece found) && found == piece) space.WriteProtect(piece);
        }
    }

    private void RemoveAndCount(IRootSpace space, in Piece piece)
    {
        space.Remove(piece);
        Count(-1);
    }

    /// <summary>Pieces in the order of their frames; between two of them the lock may be given to whoever waits for it.</summary>
    private void ForEachPiece(TdpRoot root, GfnRange range, MmuHold hold, bool mayYield, Action<Piece> step)
    {
        ActorCounters counters = Actor.Current.Counters;
        bool canYield = mayYield && _settings.Yield != YieldPolicy.Off;
        long held = Stopwatch.GetTimestamp();
        int done = 0;
        Gfn from = range.Start;
        while (SpaceOf(root) is { } space && TryNext(space, from, range.End, out Piece piece))
        {
            int entries = _settings.Yield == YieldPolicy.AfterEntries ? _settings.YieldEntries : 1;
            if (canYield && done >= entries && _machine.IsContended(_mmuLock))
            {
                EndSection();
                DropAndTake(hold);
                counters.ZapYields++;
                held = Stopwatch.GetTimestamp();
                done = 0;
                continue;
            }
            long begin = Stopwatch.GetTimestamp();
            step(piece);
            counters.SectionWithoutYieldNanosecondsMax = Math.Max(counters.SectionWithoutYieldNanosecondsMax, Stopwatch.GetTimestamp() - begin);
            from = piece.Range.End;
            done++;
        }
        EndSection();

        void EndSection()
        {
            long took = Stopwatch.GetTimestamp() - held;
            counters.ZapHoldNanosecondsMax = Math.Max(counters.ZapHoldNanosecondsMax, took);
            if (!canYield) counters.SectionWithoutYieldNanosecondsMax = Math.Max(counters.SectionWithoutYieldNanosecondsMax, took);
        }
    }

    private static bool TryNext(IRootSpace space, Gfn from, Gfn end, out Piece piece)
    {
        lock (space.Pieces.Lock) return space.Pieces.TryNext(from, end, out piece);
    }

    private void DropAndTake(MmuHold hold)
    {
        if (hold.IsExclusive)
        {
            _machine.ExitExclusive(_mmuLock);
            _machine.EnterExclusive(_mmuLock);
        }
        else
        {
            _machine.ExitShared(_mmuLock);
            _machine.EnterShared(_mmuLock);
        }
    }

    private void Count(long change)
    {
        long pages = Interlocked.Add(ref _pages, change);
        long max = Volatile.Read(ref _pagesMax);
        while (pages > max && Interlocked.CompareExchange(ref _pagesMax, pages, max) is var found && found != max) max = found;
    }
}
