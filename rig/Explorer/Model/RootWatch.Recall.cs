using Lab.Explorer.Agents;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Model;

/// <summary>The watch while agents' steps are recalled and not run: it goes by facts that their effects have made, and can be put
/// back to where it was.</summary>
internal sealed unsafe partial class RootWatch
{
    // SAFETY: as in RootWatch.cs.
    /// <summary>What is known of the VM while nobody runs; null while the VM itself is asked.</summary>
    public VmFacts? Facts { get; set; }

    private readonly List<(nint Word, int Before)> _frozenUndo = [];

    /// <summary>Told to the recorder, if there is one: the agent whose turn it is does something that matters to the
    /// watch.</summary>
    private void Note(LocalEffectKind kind, nint place = 0, ulong a = 0, ulong b = 0) =>
        agents.Recorder?.Add(agents.Agents[agents.CurrentIndex], new LocalEffect(kind, place, a, b));

    private void OnLooked(OracleLook look, TdpRoot root, ulong what)
    {
        LocalEffectKind kind = look switch
        {
            OracleLook.Mmio => LocalEffectKind.Mmio,
            OracleLook.RoleLoaded => LocalEffectKind.RoleLoaded,
            _ => LocalEffectKind.Installed,
        };
        Note(kind, (nint)root.AsWord, what);
    }

    private TdpRoot RootOf(int vcpu) => Facts is { } facts ? facts.Root(vcpu) : _vm!.Vcpus[vcpu].Root;

    public ulong HashOfVcpuRoots()
    {
        ulong hash = 0;
        for (int vcpu = 0; vcpu < _vm!.Vcpus.Count; vcpu++) hash = AgentController.Mix(hash, RootOf(vcpu).AsWord, (ulong)vcpu);
        return hash;
    }

    private ulong CachedBy(int vcpu, Gfn gfn) => Facts is { } facts ? facts.Cached(vcpu, gfn) : _vm!.Vcpus[vcpu].Cached(gfn);

    private ulong TlbEpochOf(int vcpu) => Facts is { } facts ? facts.TlbEpoch(vcpu) : _vm!.Vcpus[vcpu].TlbEpoch;

    private GfnRange DoomedRange => Facts is { } facts ? facts.DoomedRange : _vm!.DoomedRange;

    private bool IsLogOpen =>
        Facts is { } facts ? facts.IsLogOpen : (_vm!.DirtyLog.Sequence & 1) != 0 || _vm.Lockless.IsFixing;

    private ReadOnlySpan<Memslot> ActiveSlots => Facts is { } facts ? facts.ActiveSlots : _vm!.Slots.Active.Slots;

    /// <summary>Where else in the guest the memory of the range lies. Steps of who shares memory are not recalled.</summary>
    private IReadOnlyList<GfnRange> OtherPlaces(GfnRange range) =>
        Facts is null ? _vm!.Slots.Active.OtherPlaces(range) : [];

    /// <summary>What an agent's code did in another execution happens in this one.</summary>
    public void Apply(Agent me, in LocalEffect effect)
    {
        ITableWatch tables = this;
        GfnRange Range(in LocalEffect one) => new(new Gfn(one.A), new Gfn(one.B));
        switch (effect.Kind)
        {
            case LocalEffectKind.Fact:
                Facts!.Apply(effect);
                break;
            case LocalEffectKind.Event:
                OnEvent(me, (MmuEventKind)effect.A);
                break;
            case LocalEffectKind.Retired:
                OnRetired(me);
                break;
            case LocalEffectKind.ValidOnly:
                BeginValidOnly(me);
                break;
            case LocalEffectKind.ValidOnlyEnd:
                EndValidOnly(me);
                break;
            case LocalEffectKind.Taking:
                tables.OnTaking(TdpRoot.FromWord((ulong)effect.Place));
                break;
            case LocalEffectKind.Apart:
                tables.OnApart(TdpRoot.FromWord((ulong)effect.Place));
                break;
            case LocalEffectKind.Walk:
                tables.OnWalk();
                break;
            case LocalEffectKind.Yield:
                tables.OnYield(new Gfn(effect.A));
                break;
            case LocalEffectKind.TableTaken:
                tables.OnTaken(TdpRoot.FromWord((ulong)effect.Place), (ulong*)effect.A);
                break;
            case LocalEffectKind.HandedOver:
                OnHandedOver(TdpRoot.FromWord((ulong)effect.Place));
                break;
            case LocalEffectKind.BeginTaking:
                BeginTaking(Range(effect));
                break;
            case LocalEffectKind.EndTaking:
                EndTaking(Range(effect));
                break;
            case LocalEffectKind.CheckTaken:
                CheckTaken(me);
                break;
            case LocalEffectKind.CheckProtected:
                CheckProtected();
                break;
            case LocalEffectKind.RoleLoaded:
                if ((TdpRoot.FromWord((ulong)effect.Place).Header->Role & ~RootRole.Invalid) != effect.A)
                {
                    Report(Invariants.I36, $"{me.Name} loaded a root of another role");
                }
                break;
            case LocalEffectKind.Installed:
                if (GuestMemory<Explored>.IsFreed(new Hva(effect.A)))
                {
                    Report(Invariants.I24, $"{me.Name} mapped a frame that was taken");
                }
                break;
            case LocalEffectKind.Mmio:
                foreach (ref readonly Memslot slot in ActiveSlots)
                {
                    if (!slot.Range.Contains(new Gfn(effect.A)) || !slot.IsInvalid) continue;
                    Report(Invariants.I35, $"{me.Name} answered as MMIO while the slot is being updated");
                }
                break;
            default:
                throw new InvalidOperationException($"The watch is not told of {effect.Kind}.");
        }
    }

    /// <summary>What an agent's code made in another execution is made in this one.</summary>
    /// <param name="root">The root.</param>
    /// <param name="word">Where its number stands.</param>
    /// <param name="id">Its number.</param>
    public void Recall(TdpRoot root, out nint word, out ulong id)
    {
        memory.Recall(root, out id);
        word = (nint)(&root.Header->Id);
    }

    /// <summary>What the VM's own oracle says of what was done in its name.</summary>
    public void CheckOracle(Agent me)
    {
        if (_vm!.Oracle.IsBugged) agents.Report(new Finding("recalled", "No oracle complains.", $"one did at {me.Name}"));
    }

    /// <summary>All that it knows of the execution.</summary>
    internal sealed class Books
    {
        public int[] Rows = [];
        public readonly List<Finding?> FirstWrong = [];
        public readonly List<TdpRoot> AtInvalidate = [];
        public readonly List<(GfnRange Asked, IReadOnlyList<GfnRange> Places)> Taking = [];
        public readonly List<Stale> Stale = [];
        public readonly Gfn?[] YieldedAt = new Gfn?[SmallMemory.AgentsMax];
        public int Facts;
        public Agent? Zapper;
        public uint ValidOnlyReaders;
        public bool Ending;
        public int Made;
        public int FrozenUndo;
    }

    public void Save(Books books)
    {
        List<TdpRoot> made = memory.Made;
        books.Made = made.Count;
        if (books.Rows.Length < made.Count * RowLength) books.Rows = new int[2 * made.Count * RowLength];
        for (int at = 0; at < made.Count; at++) Row(Index(made[at])).CopyTo(books.Rows.AsSpan(at * RowLength));
        books.FirstWrong.Clear();
        if (_isAnyWrong) foreach (TdpRoot root in made) books.FirstWrong.Add(_firstWrong[Index(root)]);
        Copy(_atInvalidate, books.AtInvalidate);
        Copy(_taking, books.Taking);
        Copy(_stale, books.Stale);
        _yieldedAt.CopyTo(books.YieldedAt, 0);
        books.Facts = Facts!.Keep();
        (books.Zapper, books.ValidOnlyReaders, books.Ending) = (_zapper, ValidOnlyReaders, _ending);
        books.FrozenUndo = _frozenUndo.Count;
    }

    public void Load(Books books)
    {
        List<TdpRoot> made = memory.Made;
        for (int at = books.Made; at < made.Count; at++)
        {
            Row(Index(made[at])).Clear();
            _firstWrong[Index(made[at])] = null;
        }
        memory.Forget(books.Made);
        for (int at = 0; at < made.Count; at++)
        {
            int index = Index(made[at]);
            books.Rows.AsSpan(at * RowLength, RowLength).CopyTo(Row(index));
            if (_isAnyWrong) _firstWrong[index] = books.FirstWrong.Count == 0 ? null : books.FirstWrong[at];
        }
        _isAnyWrong = books.FirstWrong.Count != 0;
        Copy(books.AtInvalidate, _atInvalidate);
        Copy(books.Taking, _taking);
        Copy(books.Stale, _stale);
        books.YieldedAt.CopyTo(_yieldedAt, 0);
        Facts!.PutBack(books.Facts);
        (_zapper, ValidOnlyReaders, _ending) = (books.Zapper, books.ValidOnlyReaders, books.Ending);
        for (int undo = _frozenUndo.Count - 1; undo >= books.FrozenUndo; undo--)
        {
            (nint word, int before) = _frozenUndo[undo];
            if (before < 0) _frozenBy.Remove(word);
            else _frozenBy[word] = before;
        }
        _frozenUndo.RemoveRange(books.FrozenUndo, _frozenUndo.Count - books.FrozenUndo);
    }

    private void Froze(nint word, int agent)
    {
        if (Facts is not null) _frozenUndo.Add((word, _frozenBy.GetValueOrDefault(word, -1)));
        _frozenBy[word] = agent;
    }

    private static void Copy<T>(List<T> from, List<T> to)
    {
        if (to.Count != 0) to.Clear();
        if (from.Count != 0) to.AddRange(from);
    }
}
