using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>An MMU whose roots are address spaces from a pool: a fault on a hole maps a piece, a zap takes pieces away one by one
/// and yields between them, freeing gives the space back. What a space is and how a piece is mapped differs; the life of roots
/// does not.</summary>
/// <remarks>
/// Where the radix MMU has a CAS per SPTE, this has a lock per root around a table and a system call, since the kernel serialises
/// those calls per address space anyway. So <see cref="Map"/> may sleep, briefly.
/// <para>Counters: a piece counts as one table installed and zapped, since it stands for the page tables under it; LeafsZapped
/// stays zero, the kernel does not say how many pages were there.</para>
/// </remarks>
internal abstract unsafe partial class PieceMmu<TMachine> : IHardwareMmu, IReclaim
    where TMachine : struct, IMachine
{
    // SAFETY: headers are the pool's and stay mapped for the life of the VM; a root's table is the number of its space, which
    // nobody follows.
    private readonly Vm<TMachine> _vm;
    private readonly TMachine _machine;
    private readonly VmSettings _settings;
    private readonly MmuLock _mmuLock;
    private readonly Oracle _oracle;
    private readonly RootPool _roots = new();
    private readonly Rcu _rcu;
    private readonly Lock _ownedLock = new();
    private readonly HashSet<Hva> _backings = [];
    private readonly HashSet<IRootSpace> _taken = [];
    private long _pages;
    private long _pagesMax;

    /// <param name="vm">Under construction: its notifier is not there yet.</param>
    protected PieceMmu(Vm<TMachine> vm)
    {
        _vm = vm;
        _machine = vm.Machine;
        _settings = vm.Settings;
        _mmuLock = vm.MmuLock;
        _oracle = vm.Oracle;
        _rcu = new Rcu("page tables", this, vm.Settings.GracePeriodMin);
    }

    public abstract string Name { get; }

    public virtual ISlotKernel? SlotKernel => null;

    public Rcu Rcu => _rcu;

    /// <summary>Pieces that are mapped and spaces that roots have: what stands for table pages here.</summary>
    public long TablePages => Volatile.Read(ref _pages);

    public long TablePagesMax => Volatile.Read(ref _pagesMax);

    /// <summary>A step is a piece, and counts as a 2 MiB entry.</summary>
    public ZapSections Sections { get; } = new();

    /// <summary>The memory behind the slots.</summary>
    protected abstract SlotMemory Memory { get; }

    protected Oracle Oracle => _oracle;

    /// <summary>Nothing is cached: the kernel has its own.</summary>
    public TableCache NewCache() => new(arena: null);

    public abstract IVcpuCore NewCore(int vcpu, nint requestWord);

    /// <inheritdoc/>
    /// <remarks>None as well if all spaces are in use, dead roots that wait for their grace period included.</remarks>
    public TdpRoot CreateRoot(TableCache cache, RootRole role)
    {
        if (TakeSpace() is not { } space) return TdpRoot.None;
        // Spaces have numbers from one, so that a header whose table is null has none.
        RootHeader* header = _roots.Allocate((ulong*)(nint)space.Number, role);
        if (header == null)
        {
            GiveBack(space);
            return TdpRoot.None;
        }
        lock (_ownedLock) _taken.Add(space);
        CountPages(1);
        TdpRoot root = new(header);
        _machine.Actor.Counters.RootsCreated++;
        _machine.Record(MmuEventKind.GetPage, root.Id, level: role.Level);
        return root;
    }

    /// <inheritdoc/>
    /// <remarks>Installs the whole piece around the frame. The kernel's own locks are sleeping ones, so "never blocks" holds as
    /// far as the lab's go.</remarks>
    public MapOutcome Map(TableCache cache, TdpRoot root, in Mapping mapping)
    {
        if (SpaceOf(root) is not { } space)
        {
            _oracle.Report(Invariants.I3,
                $"a fault at gfn {mapping.Gfn} went through {root}, which was freed: use after free", root.Id);
            return MapOutcome.Retry;
        }
        if (Refuses(root, mapping.Gfn) is { } refusal) return refusal;
        lock (space.Pieces.Lock)
        {
            if (space.Pieces.TryFind(mapping.Gfn, out Piece piece))
            {
                if (piece.MayWrite || !mapping.Write) return MapOutcome.Spurious;
                space.AllowWrites(piece);
                return MapOutcome.Fixed;
            }
            SlotBacking backing = Memory.Find(mapping.Hva);
            Piece fresh = Fitted(space.Pieces, mapping.Gfn, space.Pieces.PieceAround(mapping.Gfn, backing, slot: 0));
            if (!space.TryInstall(Allow(fresh, mapping, backing.Flags))) return MapOutcome.NoMemory;
        }
        CountPages(1);
        _machine.Actor.Counters.TablesInstalled++;
        return MapOutcome.Fixed;
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: the processor walks, through a core.</exception>
    public WalkOutcome Walk(TdpRoot root, Gfn gfn, bool write, out ulong spte) =>
        throw new NotSupportedException($"The tables of --mmu {Name} are the kernel's; only the processor walks them.");

    /// <inheritdoc/>
    /// <remarks>Nothing is left to do: every call that took something away came back with the TLBs flushed. Counted, as on the
    /// radix MMU.</remarks>
    public void FlushRemoteTlbs()
    {
        _machine.Actor.Counters.RemoteFlushes++;
        _machine.Record(MmuEventKind.FlushTlb);
    }

    public void FreeRoot(TdpRoot root) => _machine.CallRcu(_rcu, (nint)root.Header, RcuKind.Root);

    /// <inheritdoc/>
    /// <remarks>Pieces at the upper levels. At the lowest the frames that they make reachable: the kernel does not say which it
    /// has mapped.</remarks>
    public virtual long CountPresent(TdpRoot root, GfnRange range, PageLevel minLevel)
    {
        if (SpaceOf(root) is not { } space) return 0;
        (long pieces, long frames) = space.Pieces.CountIn(range);
        return minLevel > Spte.LeafLevel ? pieces : frames;
    }

    public bool NeedsSettling => true;

    public virtual Hva AllocateBacking(GfnRange range, FrameStamp stamp)
    {
        Hva address = Memory.Allocate(range, stamp).Address;
        lock (_ownedLock) _backings.Add(address);
        return address;
    }

    public virtual void FreeBacking(Hva backing, ulong generation)
    {
        lock (_ownedLock) _backings.Remove(backing);
        Memory.Free(backing, generation);
    }

    public void SetBackingFlags(Hva backing, MemslotFlags flags)
    {
        // Nothing is there if the memory was lost: the run is over then.
        if (backing != default) Memory.Find(backing).Flags = flags;
    }

    public virtual void SettleBacking(FrameStamp next) => Memory.Settle(next);

    public virtual void Dispose()
    {
        _rcu.Dispose();
        // Spaces of roots that were leaked, and slots that were there when the VM went.
        foreach (IRootSpace space in _taken.ToArray()) Clear(space);
        foreach (Hva backing in _backings.ToArray()) FreeBacking(backing, generation: 0);
        _roots.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs on the reclaimer's thread, after the root's grace period.</summary>
    void IReclaim.Reclaim(nint node, RcuKind kind)
    {
        RootHeader* header = (RootHeader*)node;
        TdpRoot root = new(header);
        _machine.Record(MmuEventKind.FreeRoot, root.Id, (long)root.Count, invalid: true);
        if (header->State != (ulong)RootState.Unlinked || SpaceOf(root) is not { } space)
        {
            _oracle.Report(Invariants.I2, $"{root} was freed while {(RootState)header->State}", root.Id);
            return;
        }
        int pieces = space.Pieces.Count;
        if (pieces != 0) _oracle.Report(Invariants.I9, $"{root} was freed with {pieces} pieces still mapped", root.Id);
        // Dead first: who looks at a root without a reference and finds it alive afterwards has seen its own space.
        _roots.Free(header, deadTable: null);
        CountPages(-1);
        Clear(space);
    }

    /// <summary>A space that no root has, all of it a hole; null if all are taken. Any thread.</summary>
    protected abstract IRootSpace? TakeSpace();

    /// <summary>Takes a space back, with nothing mapped in it.</summary>
    protected abstract void GiveBack(IRootSpace space);

    /// <summary>The space of that number.</summary>
    protected abstract IRootSpace Space(int number);

    /// <summary>The piece with the rights that the mapping and its slot give it.</summary>
    protected abstract Piece Allow(in Piece piece, in Mapping mapping, MemslotFlags slotFlags);

    /// <summary>What becomes of a fault that cannot be resolved whatever the slots say; null if it can.</summary>
    protected virtual MapOutcome? Refuses(TdpRoot root, Gfn gfn) => null;

    /// <summary>The root's space, or null if the root is dead. Its reference or a read-side section keeps it the
    /// root's.</summary>
    protected IRootSpace? SpaceOf(TdpRoot root) => (nint)root.Table is > 0 and nint number ? Space((int)number) : null;

    /// <summary>The part of the piece that may be installed around the frame. The caller asked the notifier about the frame only:
    /// what is being invalidated beside it must not come back with it (I5), and the rest of the chunk may be there already from a
    /// fault during such a time.</summary>
    private Piece Fitted(PieceTable pieces, Gfn gfn, in Piece piece)
    {
        GfnRange invalid = _vm.Notifier.RangeInProgress;
        ulong start = piece.Range.Start.Value, end = piece.Range.End.Value;
        if (piece.Range.Overlaps(invalid))
        {
            if (invalid.Start.Value > gfn.Value) end = Math.Min(end, invalid.Start.Value);
            else start = Math.Max(start, invalid.End.Value);
        }
        for (Gfn from = new(start); pieces.TryNext(from, gfn, out Piece before); from = before.Range.End)
        {
            start = before.Range.End.Value;
        }
        if (pieces.TryNext(gfn, new Gfn(end), out Piece behind)) end = behind.Range.Start.Value;
        ulong skipped = (start - piece.Range.Start.Value) * SlotMemory.PageBytes;
        return piece with
        {
            Range = new GfnRange(new Gfn(start), new Gfn(end)), Address = piece.Address + skipped,
            FileOffset = piece.FileOffset + (long)skipped,
        };
    }

    /// <summary>Makes the space one hole and gives it back.</summary>
    private void Clear(IRootSpace space)
    {
        lock (space.Pieces.Lock)
        {
            while (space.Pieces.TryNext(new Gfn(0), GfnRange.All.End, out Piece piece))
            {
                space.Zap(piece);
                CountPages(-1);
            }
        }
        lock (_ownedLock) _taken.Remove(space);
        GiveBack(space);
    }

    private void CountPages(long change)
    {
        long now = Interlocked.Add(ref _pages, change);
        for (long max = TablePagesMax; now > max;)
        {
            long found = Interlocked.CompareExchange(ref _pagesMax, now, max);
            if (found == max) break;
            max = found;
        }
    }
}
