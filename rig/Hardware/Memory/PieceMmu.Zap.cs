using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>Taking mappings down, piece by piece in the order of frames: whole roots, ranges, write protection.</summary>
internal abstract partial class PieceMmu<TMachine>
{
    /// <inheritdoc/>
    /// <remarks>There is one granularity, the piece: <paramref name="passes"/> changes nothing. Zaps of one root may run beside
    /// each other and beside faults; the table's lock makes each piece's end indivisible, so a zap that finds no piece knows that
    /// none is half gone.</remarks>
    public void ZapRoot(TdpRoot root, MmuHold hold, ZapPasses passes, bool mayYield, IZapHooks? hooks)
    {
        _machine.Record(MmuEventKind.ZapRoot, root, RootRole.Normal.Level, hold.IsShared);
        Zap(root, GfnRange.All, hold, mayYield, hooks);
    }

    /// <inheritdoc/>
    /// <remarks>Zaps the pieces that touch the range, whole: what else they mapped is faulted in again. Nothing is owed for them,
    /// not even before a yield, since the kernel has flushed when its calls return; only the caller's own debt is handed
    /// back.</remarks>
    public virtual bool ZapLeafs(TdpRoot root, GfnRange range, ExclusiveHold hold, bool mayYield, bool flush)
    {
        Zap(root, range, hold, mayYield, hooks: null);
        return flush;
    }

    /// <inheritdoc/>
    /// <remarks>Whole pieces again; the kernel has flushed when its call returns, so none is owed.</remarks>
    public bool WriteProtect(TdpRoot root, GfnRange range, MmuHold hold)
    {
        if (SpaceOf(root) is not { } space) return false;
        PieceWalk walk = new(this, hold, CanYield(mayYield: true));
        for (Gfn from = range.Start; walk.TryNext(space, from, range.End, out Piece piece); from = piece.Range.End)
        {
            lock (space.Pieces.Lock)
            {
                if (space.Pieces.TryFind(piece.Range.Start, out Piece there) && there.MayWrite) space.WriteProtect(there);
            }
            walk.EndStep(piece);
        }
        walk.End();
        return false;
    }

    private void Zap(TdpRoot root, GfnRange range, MmuHold hold, bool mayYield, IZapHooks? hooks)
    {
        if (SpaceOf(root) is not { } space) return;
        PieceWalk walk = new(this, hold, CanYield(mayYield));
        for (Gfn from = range.Start; walk.TryNext(space, from, range.End, out Piece piece); from = piece.Range.End)
        {
            // The hooks come before it is known whether another zap was faster, as around the radix MMU's compare-and-exchange.
            hooks?.OnDetach(root);
            if (TryZap(space, piece))
            {
                _machine.Actor.Counters.TablesZapped++;
                _machine.Record(MmuEventKind.ZapPage, root.Id, 0, piece.Range.Start.Value, PageLevel.Size2M, hold.IsShared);
                CountPages(-1);
                if (_settings.PauseNanoseconds.TryGetValue(PausePoint.Detached, out long pause)) _machine.Dally(pause);
            }
            hooks?.OnSubtreeDone(root);
            walk.EndStep(piece);
        }
        walk.End();
    }

    /// <summary>False: the piece has gone meanwhile, by another zap under a shared hold.</summary>
    private static bool TryZap(IRootSpace space, in Piece piece)
    {
        lock (space.Pieces.Lock)
        {
            // A piece that was zapped and mapped again since is as good: it is present, and this zap's to take.
            if (!space.Pieces.TryFind(piece.Range.Start, out Piece there) || there.Range != piece.Range) return false;
            space.Zap(there);
            return true;
        }
    }

    private bool CanYield(bool mayYield) => mayYield && _settings.Yield != YieldPolicy.Off;

    /// <summary>A walk over pieces inside a read-side section, with the yields of the radix MMU: whenever somebody waits for
    /// mmu_lock and a piece was done since the last yield, the section and then the hold are left and taken again. Progress in
    /// entries counts frames.</summary>
    private struct PieceWalk
    {
        private readonly PieceMmu<TMachine> _mmu;
        private readonly MmuHold _hold;
        private readonly bool _canYield;
        private readonly ActorCounters _counters;
        private ulong _frames;
        private long _section;
        private long _step;
        private readonly ZapSections? _watched;
        private long _ownSection;
        private long _ownStep;

        public PieceWalk(PieceMmu<TMachine> mmu, MmuHold hold, bool canYield)
        {
            _mmu = mmu;
            _hold = hold;
            _canYield = canYield;
            _counters = mmu._machine.Actor.Counters;
            _watched = mmu.Sections.AreWatched ? mmu.Sections : null;
            _section = mmu._machine.Timestamp();
            _ownSection = OwnTime();
            mmu._machine.EnterRcu(mmu._rcu);
        }

        /// <summary>Yields if it should, and then the first piece from a frame on; false at the end of the range.</summary>
        public bool TryNext(IRootSpace space, Gfn from, Gfn end, out Piece piece)
        {
            if (ShouldYield()) Yield();
            _step = _mmu._machine.Timestamp();
            _ownStep = OwnTime();
            return PieceMmu<TMachine>.TryNext(space, from, end, out piece);
        }

        /// <summary>One piece was dealt with: nobody could cut that short.</summary>
        public void EndStep(in Piece piece)
        {
            _frames += piece.Range.Frames;
            if (!_canYield) return;
            _counters.SectionWithoutYieldNanosecondsMax =
                Math.Max(_counters.SectionWithoutYieldNanosecondsMax, _mmu._machine.Timestamp() - _step);
            _watched?.Note(PageLevel.Size2M, _mmu._machine.ThreadTime() - _ownStep);
        }

        public readonly void End()
        {
            _mmu._machine.ExitRcu(_mmu._rcu);
            EndSection();
        }

        private readonly long OwnTime() => _watched is null ? 0 : _mmu._machine.ThreadTime();

        private readonly bool ShouldYield() =>
            _canYield && _frames >= (_mmu._settings.Yield == YieldPolicy.AfterEntries ? (ulong)_mmu._settings.YieldEntries : 1)
            && _mmu._machine.IsContended(_mmu._mmuLock);

        private readonly void EndSection()
        {
            long held = _mmu._machine.Timestamp() - _section;
            _counters.ZapHoldNanosecondsMax = Math.Max(_counters.ZapHoldNanosecondsMax, held);
            if (_canYield) return;
            _counters.SectionWithoutYieldNanosecondsMax = Math.Max(_counters.SectionWithoutYieldNanosecondsMax, held);
            _watched?.Note(PageLevel.None, _mmu._machine.ThreadTime() - _ownSection);
        }

        private void Yield()
        {
            _mmu._machine.ExitRcu(_mmu._rcu);
            EndSection();
            if (_hold.IsExclusive)
            {
                _mmu._machine.ExitExclusive(_mmu._mmuLock);
                _mmu._machine.EnterExclusive(_mmu._mmuLock);
            }
            else
            {
                _mmu._machine.ExitShared(_mmu._mmuLock);
                _mmu._machine.EnterShared(_mmu._mmuLock);
            }
            _frames = 0;
            _section = _mmu._machine.Timestamp();
            _ownSection = OwnTime();
            _counters.ZapYields++;
            _mmu._machine.EnterRcu(_mmu._rcu);
        }
    }

    protected static bool TryNext(IRootSpace space, Gfn from, Gfn end, out Piece piece)
    {
        lock (space.Pieces.Lock) return space.Pieces.TryNext(from, end, out piece);
    }
}
