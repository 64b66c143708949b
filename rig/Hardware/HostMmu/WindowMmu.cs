using Lab.Mmu;

namespace Lab.Hardware;

/// <summary>Page tables that are the process's own: a root is a window, a leaf that the lab installs is a piece of it (a slot's
/// part of one chunk), and the kernel faults the pages of a piece in one by one.</summary>
/// <remarks>
/// Write permission, and with it dirty logging, has the granularity of a piece.
/// <para>The kernel may map neighbours of a page along with it (fault-around, 64 KiB by default) where it resolves faults
/// itself.</para>
/// </remarks>
internal sealed class WindowMmu<TMachine> : PieceMmu<TMachine>
    where TMachine : struct, IMachine
{
    private readonly WindowHost _host;
    private readonly ulong _frames;

    /// <param name="host">Windows and memory.</param>
    /// <param name="vm">Under construction: its notifier is not there yet.</param>
    /// <param name="frames">Guest frames from zero on that its windows reach.</param>
    public WindowMmu(WindowHost host, Vm<TMachine> vm, ulong frames) : base(vm)
    {
        _host = host;
        _frames = frames;
    }

    public override string Name => _host.Name;

    protected override SlotMemory Memory => _host.Memory;

    public override IVcpuCore NewCore(int vcpu, nint requestWord)
    {
        WindowCore<TMachine> core = new(this, _host, vcpu, requestWord, new Gfn(_frames));
        _host.Add(core);
        return core;
    }

    /// <summary>The root's window; null if the root was freed. Its reference or a read-side section keeps it the
    /// root's.</summary>
    public Window? WindowOf(TdpRoot root) => (Window?)SpaceOf(root);

    /// <inheritdoc/>
    /// <remarks>At the root's level its pieces count; below, the pages that have a PTE, or where the kernel does not show them,
    /// the frames of the pieces.</remarks>
    public override long CountPresent(TdpRoot root, GfnRange range, PageLevel minLevel)
    {
        if (WindowOf(root) is not { } window) return 0;
        (long pieces, long frames) = window.Pieces.CountIn(range);
        if (minLevel >= RootRole.Normal.Level || pieces == 0) return pieces;
        long present = 0;
        for (Gfn from = range.Start; TryNext(window, from, range.End, out Piece piece); from = piece.Range.End)
        {
            ulong start = Math.Max(piece.Range.Start.Value, range.Start.Value);
            ulong end = Math.Min(piece.Range.End.Value, range.End.Value);
            if (_host.Presence.Count(window.AddressOf(new Gfn(start)),
                (long)(end - start) * SlotMemory.PageBytes) is not { } pages)
            {
                return frames;
            }
            present += pages;
        }
        return present;
    }

    /// <inheritdoc/>
    /// <remarks>Zero, which names nothing, once the memory file was damaged: the run is over, its verdict is out or comes with
    /// the next fault, and an updater that is still at work must not turn that into an error of its own.</remarks>
    /// <exception cref="InsufficientMemoryException">There is none; or the range lies where no window reaches.</exception>
    public override Hva AllocateBacking(GfnRange range, FrameStamp stamp)
    {
        if (range.End.Value > _frames) throw new InsufficientMemoryException($"A slot at frames {range} lies outside the windows "
            + $"of --mmu host, which reach frame 0x{_frames:x}: ask for more --memory, which makes them longer.");
        if (!_host.IsMemoryWholeNow()) return default;
        Hva address = base.AllocateBacking(range, stamp);
        _host.Expect(Memory.Find(address));
        return address;
    }

    /// <summary>Memory that is not whole is left alone until the host goes: stamping it would fault where nobody can
    /// answer.</summary>
    public override void FreeBacking(Hva backing, ulong generation)
    {
        if (_host.IsMemoryWholeNow()) base.FreeBacking(backing, generation);
    }

    public override void SettleBacking(FrameStamp next)
    {
        if (_host.IsMemoryWholeNow()) base.SettleBacking(next);
    }

    public override void Dispose()
    {
        base.Dispose();
        _host.EndVm();
    }

    protected override IRootSpace? TakeSpace() => _host.TryTake(_frames);

    protected override void GiveBack(IRootSpace space) => _host.Return((Window)space);

    protected override IRootSpace Space(int number) => _host.WindowAt(number - 1)!;

    protected override Piece Allow(in Piece piece, in Mapping mapping, MemslotFlags slotFlags) =>
        piece with { MayWrite = mapping.MayWrite };

    /// <summary>A frame that the window does not reach is skipped: no slot lies there, see
    /// <see cref="AllocateBacking"/>.</summary>
    protected override MapOutcome? Refuses(TdpRoot root, Gfn gfn)
    {
        if (gfn.Value >= _frames) return MapOutcome.NoMemory;
        if (_host.IsMemoryWhole) return null;
        Oracle.Report(Invariants.Guest,
            "the memory file of --mmu host was cut short or damaged; nothing is mapped from it any more", root.Id);
        return MapOutcome.Retry;
    }
}
