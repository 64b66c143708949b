using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>
/// Page tables that are the process's own: a root is a window, a leaf that the lab installs is a piece of it (a slot's part of one chunk), and
/// the kernel faults the pages of a piece in one by one.
/// </summary>
/// <remarks>
/// Counters: a piece counts as one table installed and zapped, since it stands for the page tables under it; LeafsZapped stays zero, the
/// kernel does not say how many pages were there. Write permission, and with it dirty logging, has the granularity of a piece.
/// <para>The kernel may map neighbours of a page along with it (fault-around, 64 KiB by default) where it resolves faults itself.</para>
/// </remarks>
internal sealed unsafe partial class WindowMmu<TMachine> : IHardwareMmu, IReclaim
    where TMachine : struct, IMachine
{
    private readonly WindowHost _host;
    private readonly Vm<TMachine> _vm;
    private readonly TMachine _machine;
    private readonly VmSettings _settings;
    private readonly MmuLock _mmuLock;
    private readonly Oracle _oracle;
    private readonly ulong _frames;
    private readonly RootPool _roots = new();
    private readonly Rcu _rcu;
    private readonly Lock _ownedLock = new();
    private readonly HashSet<ulong> _backings = [];
    private readonly HashSet<Window> _taken = [];
    private readonly (long Minor, long Major) _faultsBefore = HostCalls.PageFaults();
    private readonly (long Count, long Nanoseconds, long NanosecondsMax)? _userfaultsBefore;
    private long _tablePages;
    private long _tablePagesMax;

    /// <param name="host">Windows and memory.</param>
    /// <param name="vm">Under construction: its notifier is not there yet.</param>
    /// <param name="frames">Guest frames from zero on that its windows reach.</param>
    public WindowMmu(WindowHost host, Vm<TMachine> vm, ulong frames)
    {
        _host = host;
        _vm = vm;
        _machine = vm.Machine;
        _settings = vm.Settings;
        _mmuLock = vm.MmuLock;
        _oracle = vm.Oracle;
        _frames = frames;
        _userfaultsBefore = host.Userfaults;
        _rcu = new Rcu("page tables", this, _settings.GracePeriodMin);
    }

    public string Name => _host.Name;

    public Rcu Rcu => _rcu;

    /// <inheritdoc/>
    /// <remarks>Windows in use and the pieces in them.</remarks>
    public long TablePages => Volatile.Read(ref _tablePages);

    public long TablePagesMax => Volatile.Read(ref _tablePagesMax);

    public ISlotKernel? SlotKernel => null;

    public TableCache NewCache() => new(arena: null);

    public IVcpuCore NewCore(int vcpu, nint requestWord)
    {
        WindowCore<TMachine> core = new(this, _host, vcpu, requestWord, new Gfn(_frames));
        _host.Add(core);
        return core;
    }

    /// <inheritdoc/>
    /// <remarks>None as well if all windows are in use, dead roots that wait for their grace period included.</remarks>
    public TdpRoot CreateRoot(TableCache cache, RootRole role)
    {
        if (_host.TryTake(_frames) is not { } window) return TdpRoot.None;
        RootHeader* header = _roots.Allocate((ulong*)(nint)(window.Index + 1), role);
        if (header == null)
        {
            _host.Return(window);
            return TdpRoot.None;
        }
        lock (_ownedLock) _taken.Add(window);
        CountPages(1);
        TdpRoot root = new(header);
        Actor actor = Actor.Current;
        actor.Counters.RootsCreated++;
        actor.Events.Record(MmuEventKind.GetPage, root.Id, 0, 0, role.Level, shared: false, invalid: false);
        return root;
    }

    /// <summary>The root's window; null if the root was freed. Its reference or a read-side section keeps it the root's.</summary>
    public Window? WindowOf(TdpRoot root)
    {
        // A dead header has no table: RootPool.Free was given none.
        long index = (long)root.Table - 1;
        return index < 0 ? null : _host.WindowAt((int)index);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Installs the whole piece around the frame. A frame that the window does not reach is <see cref="MapOutcome.NoMemory"/>, the access is skipped: no
    /// slot lies there, see <see cref="AllocateBacking"/>. The kernel's own locks are sleeping ones, so "never blocks" holds as far as the lab's go.
    /// </remarks>
    public MapOutcome Map(TableCache cache, TdpRoot root, in Mapping mapping)
    {
        if (WindowOf(root) is not { } window)
        {
            ReportDead(root, $"a fault at gfn {mapping.Gfn}");
            return MapOutcome.Retry;
        }
        if (mapping.Gfn.Value >= _frames) return MapOutcome.NoMemory;
        if (!_host.IsMemoryWhole)
        {
            ReportMemoryLost(root);
            return MapOutcome.Retry;
        }
        lock (window.Pieces.Lock)
        {
            if (window.Pieces.TryFind(mapping.Gfn, out Piece piece))
            {
                if (piece.MayWrite || !mapping.Write) return MapOutcome.Spurious;
                window.SetMayWrite(piece, mayWrite: true);
                return MapOutcome.Fixed;
            }
            SlotBacking backing = _host.Memory.Find(mapping.Frame);
            Piece fresh = Fitted(window, mapping.Gfn, window.Pieces.PieceAround(mapping.Gfn, backing, slot: 0)) with
            {
                MayWrite = mapping.MayWrite,
                LogsDirty = (mapping.SlotFlags & MemslotFlags.LogDirtyPages) != 0,
            };
            if (!window.TryInstall(fresh)) return MapOutcome.NoMemory;
        }
        CountPages(1);
        Actor.Current.Counters.TablesInstalled++;
        return MapOutcome.Fixed;
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: the processor walks, through a core.</exception>
    public WalkOutcome Walk(TdpRoot root, Gfn gfn, bool write, out ulong spte) =>
        throw new NotSupportedException("The tables of --mmu host are the process's own; only the processor walks them.");

    /// <inheritdoc/>
    /// <remarks>Nothing is left to do: madvise, mprotect and mmap return when every processor that ran the process has forgotten.</remarks>
    public void FlushRemoteTlbs()
    {
        Actor actor = Actor.Current;
        actor.Counters.RemoteFlushes++;
        actor.Events.Record(MmuEventKind.FlushTlb, 0, 0, 0, 0, shared: false, invalid: false);
    }

    public void FreeRoot(TdpRoot root) => _machine.CallRcu(_rcu, (nint)root.Header, RcuKind.Root);

    /// <inheritdoc/>
    /// <remarks>At the root's level its pieces count; below, the pages that have a PTE, or where the kernel does not show them, the frames of the pieces.</remarks>
    public long CountPresent(TdpRoot root, GfnRange range, int minLevel)
    {
        if (WindowOf(root) is not { } window) return 0;
        (long pieces, long frames) = window.Pieces.CountIn(range);
        if (minLevel >= RootRole.Normal.Level || pieces == 0) return pieces;
        long present = 0;
        for (Gfn from = range.Start; TryNext(window, from, range.End, out Piece piece); from = piece.Range.End)
        {
            ulong start = Math.Max(piece.Range.Start.Value, range.Start.Value), end = Math.Min(piece.Range.End.Value, range.End.Value);
            if (_host.Presence.Count(window.AddressOf(new Gfn(start)), (long)(end - start) * SlotMemory.PageBytes) is not { } pages) return frames;
            present += pages;
        }
        return present;
    }

    public void Dispose()
    {
        _rcu.Dispose();
        // Windows of roots that were leaked, and slots that were there when the VM went.
        foreach (Window window in _taken.ToArray()) GiveBack(window);
        foreach (ulong backing in _backings) Free(backing, generation: 0);
        _backings.Clear();
        _roots.Dispose();
        _host.EndVm();
    }

    /// <summary>Runs on the reclaimer's thread, after the root's grace period.</summary>
    void IReclaim.Reclaim(nint node, RcuKind kind)
    {
        RootHeader* header = (RootHeader*)node;
        TdpRoot root = new(header);
        Actor.Current.Events.Record(MmuEventKind.FreeRoot, root.Id, (long)root.Count, 0, 0, shared: false, invalid: true);
        if (header->State != (ulong)RootState.Unlinked || WindowOf(root) is not { } window)
        {
            _oracle.Report("I2", "A root is handed to the reclaimer exactly once.", $"{root} was freed while {(RootState)header->State}", root.Id);
            return;
        }
        int pieces = window.Pieces.Count;
        if (pieces != 0)
        {
            _oracle.Report("I9", "A root is freed only when no SPTE is present under it.",
                $"{root} was freed with {pieces} pieces still mapped", root.Id);
        }
        // Dead first: who looks at a root without a reference and finds it alive afterwards has seen its own window.
        _roots.Free(header, deadTable: null);
        CountPages(-1);
        GiveBack(window);
    }

    internal void ReportDead(TdpRoot root, string what) =>
        _oracle.Report("I3", "No access to a root after its grace period.", $"{what} went through {root}, which was freed: use after free", root.Id);

    /// <summary>
    /// The part of the piece that may be installed around the frame. The caller asked the notifier about the frame only: what is being
    /// invalidated beside it must not come back with it (I5), and the rest of the chunk may be there already from a fault during such a time.
    /// </summary>
    private Piece Fitted(Window window, Gfn gfn, in Piece piece)
    {
        GfnRange invalid = _vm.Notifier.RangeInProgress;
        ulong start = piece.Range.Start.Value, end = piece.Range.End.Value;
        if (piece.Range.Overlaps(invalid))
        {
            if (invalid.Start.Value > gfn.Value) end = Math.Min(end, invalid.Start.Value);
            else start = Math.Max(start, invalid.End.Value);
        }
        for (Gfn from = new(start); window.Pieces.TryNext(from, gfn, out Piece before); from = before.Range.End) start = before.Range.End.Value;
        if (window.Pieces.TryNext(gfn, new Gfn(end), out Piece behind)) end = behind.Range.Start.Value;
        ulong skipped = (start - piece.Range.Start.Value) * SlotMemory.PageBytes;
        return piece with
        {
            Range = new GfnRange(new Gfn(start), new Gfn(end)), Address = piece.Address + skipped, FileOffset = piece.FileOffset + (long)skipped,
        };
    }

    private void GiveBack(Window window)
    {
        lock (_ownedLock) _taken.Remove(window);
        window.Reset();
        _host.Return(window);
    }

    private void CountPages(long change)
    {
        long now = Interlocked.Add(ref _tablePages, change);
        for (long max = TablePagesMax; now > max;)
        {
            long found = Interlocked.CompareExchange(ref _tablePagesMax, now, max);
            if (found == max) break;
            max = found;
        }
    }

    private static bool TryNext(Window window, Gfn from, Gfn end, out Piece piece)
    {
        lock (window.Pieces.Lock) return window.Pieces.TryNext(from, end, out piece);
    }
}
