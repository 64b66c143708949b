using System.Globalization;
using Lab.Explorer;

namespace Lab.Tests.Explorer.Litmus;

/// <summary>How C11 is to be read where its authors differ.</summary>
internal enum ReadingOfC11
{
    /// <summary>Release sequences as C++20 has them, the order of what is sequentially consistent as the paper of 2017.</summary>
    Ours,

    /// <summary>Release sequences, too, as that paper, herd's rc11.cat and GenMC before 0.10: they go on with later stores of the
    /// thread.</summary>
    Of2017,

    /// <summary>As GenMC since 0.10: release sequences of C++20, and an order in which happens-before between accesses of one
    /// word counts, the two parts of a read-modify-write included.</summary>
    OfGenMc,
}

/// <summary>All reads-from and coherence orders of a random program, and models written once more, by rows of one word. Shares no
/// code with the engine. A grace period is what the law of RCU says: no cycle has as many of them as read-side
/// sections.</summary>
internal sealed class BruteForce
{
    private sealed record E(int Thread, int Place, char Kind, int Word, string Tag, Operation Of, int ReadPart, int[] Addr,
        int[] Data, int[] Ctrl);

    private readonly RandomProgram _program;
    private readonly bool _fencesModifications;
    private readonly SortedDictionary<string, long>[] _states;
    private readonly MemoryModel[] _models;
    private readonly ReadingOfC11 _reading;
    private readonly List<(int Read, Func<long, bool> Holds, bool IsTaken)> _guards = [];
    private readonly HashSet<int> _failed = [];
    private E[] _events = [];
    private int _n;

    private BruteForce(RandomProgram program, MemoryModel[] models, ReadingOfC11 reading = ReadingOfC11.Ours)
    {
        _reading = reading;
        _program = program;
        _models = models;
        _fencesModifications = models is [MemoryModel.Rc11];
        _states = [.. models.Select(_ => new SortedDictionary<string, long>(StringComparer.Ordinal))];
    }

    /// <summary>Per model: states, each with the number of executions that end in it.</summary>
    internal static Dictionary<MemoryModel, SortedDictionary<string, long>> Of(RandomProgram program)
    {
        Dictionary<MemoryModel, SortedDictionary<string, long>> all = [];
        MemoryModel[][] groups = 
            [[MemoryModel.Rc11], [.. Enum.GetValues<MemoryModel>().Where(model => model != MemoryModel.Rc11)]];
        foreach (MemoryModel[] models in groups)
        {
            BruteForce one = new(program, models);
            one.EnumerateAll();
            foreach ((int index, MemoryModel model) in models.Index()) all[model] = one._states[index];
        }
        return all;
    }

    /// <summary>The same under RC11, read so.</summary>
    internal static SortedDictionary<string, long> Of(RandomProgram program, ReadingOfC11 reading)
    {
        BruteForce one = new(program, [MemoryModel.Rc11], reading);
        one.EnumerateAll();
        return one._states[0];
    }

    private void EnumerateAll()
    {
        int branches = _program.Threads.Sum(thread => thread.Count(o => o.What == Doing.CompareExchange || o.If is not null));
        for (int taken = 0; taken < 1 << branches; taken++) Enumerate(taken);
    }

    /// <param name="taken">Bit per compare-and-exchange that writes, and per condition that holds; what comes of it shows whether
    /// it was so.</param>
    private void Enumerate(int taken)
    {
        List<E> events = [];
        _guards.Clear();
        _failed.Clear();
        int branch = 0;
        for (int thread = 0; thread < _program.Threads.Length; thread++)
        {
            Dictionary<int, int> reads = [];
            foreach ((int place, Operation one) in _program.Threads[thread].Index())
            {
                if (one.If is { } holds)
                {
                    bool isTaken = (taken >> branch++ & 1) != 0;
                    _guards.Add((reads[one.On], holds, isTaken));
                    if (!isTaken) continue;
                }
                int[] On(char how) => one.On >= 0 && (one.How == how || (how == 'd' && one.How == 'v')) ? [reads[one.On]] : [];
                void Add(char kind, string tag, int readPart = -1) => events.Add(
                    new E(thread, place, kind, one.Word, tag, one, readPart, On('a'), kind == 'W' ? On('d') : [], On('c')));
                if (one.What == Doing.Fence) Add('F', one.Fence + one.Order);
                if (one.What is Doing.Store or Doing.Unlock) Add('W', one.Order);
                if (one.What == Doing.Load)
                {
                    reads[place] = events.Count;
                    Add('R', one.Order);
                }
                bool isModification =
                    one.What is Doing.Exchange or Doing.CompareExchange or Doing.Add or Doing.Increment or Doing.Lock;
                if (!isModification) continue;
                bool succeeds = one.What != Doing.CompareExchange || (taken >> branch++ & 1) != 0;
                bool isFenced = _fencesModifications && succeeds && one.Order == "full";
                if (isFenced) Add('F', "smp_mb");
                reads[place] = events.Count;
                Add('R', succeeds ? one.Order : one.Failed);
                if (!succeeds) _failed.Add(reads[place]);
                else Add('W', one.Order, reads[place]);
                if (isFenced) Add('F', "smp_mb");
            }
        }
        // What reads a register depends on the read that set it, also the write part on its own read where it adds.
        _events = [.. events.Select(e => e is { Kind: 'W', ReadPart: >= 0, Of.What: Doing.Add or Doing.Increment }
            ? e with { Data = [.. e.Data, e.ReadPart] } : e)];
        _n = _events.Length;
        if (_n > 63) throw new InvalidOperationException("too many events");
        ChooseSources(0, new int[_n]);
    }

    private void ChooseSources(int at, int[] sources)
    {
        while (at < _n && _events[at].Kind != 'R') at++;
        if (at == _n)
        {
            if (Values(sources) is { } values) ChooseOrders(0, sources, values, new int[_n]);
            return;
        }
        for (int write = -1; write < _n; write++)
        {
            if (write >= 0 && (_events[write].Kind != 'W' || _events[write].Word != _events[at].Word)) continue;
            sources[at] = write;
            ChooseSources(at + 1, sources);
        }
    }

    /// <summary>What follows from who reads whom; null if a value would need itself, or a compare-and-exchange turns out
    /// otherwise.</summary>
    private long[]? Values(int[] sources)
    {
        long?[] values = new long?[_n];
        for (int round = 0; round <= _n; round++)
        {
            for (int e = 0; e < _n; e++)
            {
                E one = _events[e];
                if (one.Kind == 'R') values[e] = sources[e] < 0 ? 0 : values[sources[e]];
                if (one.Kind != 'W') continue;
                values[e] = one.Of.What switch
                {
                    Doing.Add or Doing.Increment => values[one.ReadPart] + 1,
                    _ when one.Of is { On: >= 0, How: 'v' } => values[one.Data[0]],
                    _ => one.Of.Value,
                };
            }
        }
        for (int e = 0; e < _n; e++)
        {
            if (_events[e].Kind == 'F') continue;
            if (values[e] is null) return null;
            if (_events[e] is { Kind: 'R', Of.What: Doing.Lock } && values[e] != 0) return null;
            if (_events[e] is not { Kind: 'R', Of.What: Doing.CompareExchange } compare) continue;
            if (_failed.Contains(e) == (values[e] == compare.Of.Value - 1)) return null;
        }
        foreach ((int read, Func<long, bool> holds, bool isTaken) in _guards)
        {
            if (holds(values[read]!.Value) != isTaken) return null;
        }
        return [.. values.Select(value => value ?? 0)];
    }

    private void ChooseOrders(int word, int[] sources, long[] values, int[] rank)
    {
        if (word > _program.Words)
        {
            Judge(sources, values, rank);
            return;
        }
        int[] writes = [.. Enumerable.Range(0, _n).Where(e => _events[e].Kind == 'W' && _events[e].Word == word)];
        Permute(writes, 0);

        void Permute(int[] order, int from)
        {
            if (from == order.Length)
            {
                for (int place = 0; place < order.Length; place++) rank[order[place]] = place;
                ChooseOrders(word + 1, sources, values, rank);
                return;
            }
            for (int other = from; other < order.Length; other++)
            {
                (order[from], order[other]) = (order[other], order[from]);
                Permute([.. order], from + 1);
            }
        }
    }

    private void Judge(int[] sources, long[] values, int[] rank)
    {
        Rel Between(Func<int, int, bool> related)
        {
            Rel r = new(_n);
            for (int a = 0; a < _n; a++) for (int b = 0; b < _n; b++) if (related(a, b)) r.Rows[a] |= 1UL << b;
            return r;
        }
        bool IsWrite(int e) => _events[e].Kind == 'W';
        bool Same(int a, int b) => _events[a].Kind != 'F' && _events[b].Kind != 'F' && _events[a].Word == _events[b].Word;
        Rel po = Between((a, b) => _events[a].Thread == _events[b].Thread && a < b);
        Rel rf = Between((a, b) => _events[b].Kind == 'R' && sources[b] == a);
        Rel co = Between((a, b) => a != b && IsWrite(a) && IsWrite(b) && Same(a, b) && rank[a] < rank[b]);
        Rel fr = Between((a, b) => _events[a].Kind == 'R' && IsWrite(b) && Same(a, b)
            && (sources[a] < 0 || rank[sources[a]] < rank[b]));
        Rel loc = Between(Same);
        // Every model here has coherence of each word.
        if (!((po & loc) | rf | co | fr).IsAcyclic) return;
        Rel rmw = Between((a, b) => _events[b].ReadPart == a);
        if (!(rmw & (fr * co)).IsEmpty) return;
        string? state = null;
        foreach ((int index, MemoryModel model) in _models.Index())
        {
            if (_events.Any(e => e.Tag == "synchronize_rcu") && model is MemoryModel.Ra or MemoryModel.Rc11) continue;
            if (_program.IsC11 && model == MemoryModel.Lkmm) continue;
            if (!Allows(model)) continue;
            state ??= State(values, rank);
            _states[index][state] = _states[index].GetValueOrDefault(state) + 1;
        }

        bool Allows(MemoryModel model)
        {
            Rel inside = Between((a, b) => _events[a].Thread == _events[b].Thread);
            Rel addr = Between((a, b) => _events[b].Addr.Contains(a)), data = Between((a, b) => _events[b].Data.Contains(a));
            Rel ctrl = Between((a, b) => _events[b].Ctrl.Contains(a));
            Rel Set(Func<E, bool> has) => Between((a, b) => a == b && has(_events[a]));
            Rel F(params string[] names) => Set(e => e.Kind == 'F' && names.Contains(e.Tag));
            Rel read = Set(e => e.Kind == 'R'), write = Set(e => e.Kind == 'W'), access = read | write;
            Rel atomic = Set(e => e.Kind != 'F' && e.Of.What is not (Doing.Load or Doing.Store or Doing.Unlock));
            Rel acquire = Set(e => e is { Kind: 'R', Tag: "_acquire" or C11.Acquire or C11.Both or C11.Sequential });
            Rel release = Set(e => e is { Kind: 'W', Tag: "_release" or C11.Release or C11.Both or C11.Sequential });
            Rel inOneOrder = Set(e => e.Kind != 'F' && e.Tag == C11.Sequential);
            Rel fullRead = Set(e => e is { Kind: 'R', Tag: "full" }), fullWrite = Set(e => e is { Kind: 'W', Tag: "full" });
            Rel before = F("smp_mb__before_atomic"), after = F("smp_mb__after_atomic"), mb = F("smp_mb");
            Rel sync = F("synchronize_rcu");
            Rel heavy = mb | before | after | sync | F(C11.Fence + C11.Sequential);
            Rel rfe = rf - inside, coe = co - inside, fre = fr - inside, rfi = rf & inside;
            Rel eco = (rf | co | fr).Plus;
            switch (model)
            {
                case MemoryModel.Sc:
                    return (po | rf | co | fr).IsAcyclic && ObeysRcu(po.Opt * (po | rf | co | fr).Star * po);
                case MemoryModel.Tso:
                    Rel kept = (access * po * access) - (write * po * read);
                    Rel locked = access * ((po * atomic) | (atomic * po)) * access;
                    Rel everywhere = (po - (write * po * read)) | (write * po * heavy * po * read)
                        | (write * ((po * atomic) | (atomic * po)) * read) | (write * inOneOrder * po * read) | rfe | co | fr;
                    Rel drained = (access * po * heavy * po * access) | (write * inOneOrder * po * access);
                    return (kept | drained | locked | rfe | co | fr).IsAcyclic
                        && ObeysRcu(po.Opt * everywhere.Star * po);
                case MemoryModel.Ra:
                    Rel happens = (po | rf).Plus;
                    return happens.IsIrreflexive && (happens * eco).IsIrreflexive;
                case MemoryModel.Rc11:
                {
                    Rel goesOn = _reading == ReadingOfC11.Of2017 ? (po & loc).Opt * write : write;
                    Rel sequence = write * goesOn * (rf * rmw).Star;
                    Rel fence = Set(e => e.Kind == 'F');
                    Rel both = heavy | F(C11.Fence + C11.Both);
                    Rel releases = release | fullWrite | both | F("smp_wmb", C11.Fence + C11.Release);
                    Rel acquires = acquire | fullRead | both | F("smp_rmb", C11.Fence + C11.Acquire);
                    Rel sw = releases * ((fence * po) | access) * sequence * rf * read * ((po * fence) | access) * acquires;
                    Rel hb = (po | sw).Plus;
                    Rel away = po - loc;
                    Rel scb = po | (away * hb * away) | (hb & loc) | co | fr;
                    Rel first = inOneOrder | (heavy * hb.Opt), last = inOneOrder | (hb.Opt * heavy);
                    Rel psc = (first * scb * last) | (heavy * (hb | (hb * eco * hb)) * heavy);
                    if (_reading == ReadingOfC11.OfGenMc)
                    {
                        Rel one = inOneOrder | heavy;
                        Rel fences = heavy * hb;
                        psc = (one * po * hb * po * one)
                            | (one * (fences | one) * (po | rf | co | fr) * ((hb * heavy) | one) * one)
                            | (heavy * (hb | (hb * eco * hb)) * heavy) | (one * po * one);
                    }
                    return (po | rf).IsAcyclic && hb.IsIrreflexive && (hb * eco).IsIrreflexive && (rmw * eco).IsIrreflexive
                        && psc.IsAcyclic;
                }
                case MemoryModel.Arm or MemoryModel.ArmLdapr:
                {
                    Rel a = acquire | fullRead;
                    Rel strong = model == MemoryModel.Arm ? a : a * (atomic | inOneOrder);
                    Rel full = heavy | F(C11.Fence + C11.Release, C11.Fence + C11.Both);
                    Rel forLoads = F("smp_rmb", C11.Fence + C11.Acquire);
                    Rel l = release | fullWrite;
                    Rel ownReads = Between((w, r) => IsWrite(w) && _events[r].Kind == 'R' && Same(w, r)
                        && _events[w].Thread == _events[r].Thread && w < r
                        && !Enumerable.Range(w + 1, r - w - 1).Any(m => IsWrite(m) && Same(w, m)));
                    Rel notBlind = Set(e => e.Kind == 'R' && e.Of.What != Doing.Increment);
                    Rel dob = addr | data | (ctrl * write) | (addr * po * write) | ((addr | data) * ownReads);
                    Rel ordered = (write * (po & loc)  * write) | (read * (po & loc) * write) | dob | rmw
                        | (Set(e => e.Kind == 'W' && e.ReadPart >= 0) * ownReads * a)
                        | (po * full * po) | (po * (strong * rmw * l) * po) | (l * po * strong)
                        | (notBlind * po * forLoads * po) | (a * po) | (write * po * F("smp_wmb") * po * write) | (po * l);
                    Rel same = (rmw | rmw.Inverse).Opt;
                    Rel observed = (access * ordered * access) | ((rfe | fre | coe) * same);
                    return observed.IsAcyclic && ObeysRcu(po.Opt * (observed | (po * heavy) | (heavy * po)).Star * po);
                }
                default:
                {
                    Rel notBlind = Set(e => e.Kind == 'R' && e.Of.What != Doing.Increment);
                    Rel changed = Set(e => e.Kind == 'W' && e.ReadPart >= 0);
                    Rel parts = changed | Set(e => e.Kind == 'R'
                        && _events.Any(w => w.ReadPart >= 0 && ReferenceEquals(_events[w.ReadPart], e)));
                    Rel strong = (access * ((po * mb * po) | (po * fullRead) | (fullWrite * po)
                        | (po * before * po * parts * po.Opt) | (po.Opt * parts * po * after * po)) * access)
                        | (po * sync * po.Opt);
                    Rel handOver = po * Set(e => e.Of.What == Doing.Unlock) * (po | rf)
                        * Set(e => e is { Kind: 'R', Of.What: Doing.Lock }) * po;
                    Rel wmb = write * po * F("smp_wmb") * po * write, rmb = notBlind * po * F("smp_rmb") * po * notBlind;
                    Rel toRelease = access * po * release, fromAcquire = acquire * po * access;
                    Rel ppo = ((addr | data | ctrl) * write) | ((co | fr) & inside) | (addr * read) | ((addr | data) * rfi)
                        | (strong & inside) | toRelease | fromAcquire | wmb | rmb | (handOver & inside);
                    Rel cumul = access * ((rfe.Opt * (strong | toRelease)) | wmb | handOver) * access * (rf * rmw).Star;
                    Rel prop = access * ((co | fr) - inside).Opt * cumul.Star * rfe.Opt * access;
                    Rel hb = (access * ppo * access) | rfe | ((prop - Set(_ => true)) & inside);
                    Rel pb = prop * strong * hb.Star * access;
                    return hb.IsAcyclic && pb.IsAcyclic && ObeysRcu(po.Opt * hb.Star * pb.Star * prop * po);
                }
            }
        }
    }

    /// <summary>No way from link to link leads back to where it began with at least as many grace periods on it as read-side
    /// sections, each of which is gone through from its end to its begin. Counts by the length of the way.</summary>
    private bool ObeysRcu(Rel link)
    {
        List<(int In, int Out, int Gain)> stations = [];
        for (int e = 0; e < _n; e++)
        {
            if (_events[e].Tag == "synchronize_rcu") stations.Add((e, e, +1));
            if (_events[e].Tag != "rcu_read_lock") continue;
            int end = Enumerable.Range(e, _n - e).First(other => _events[other].Tag == "rcu_read_unlock");
            stations.Add((end, e, -1));
        }
        const int Never = -1000;
        int count = stations.Count;
        for (int start = 0; start < count; start++)
        {
            int[] best = [.. Enumerable.Range(0, count).Select(station => station == start ? stations[start].Gain : Never)];
            for (int length = 1; length <= 3 * count; length++)
            {
                int[] next = [.. Enumerable.Repeat(Never, count)];
                for (int from = 0; from < count; from++)
                {
                    for (int to = 0; best[from] > Never / 2 && to < count; to++)
                    {
                        if ((link.Rows[stations[from].Out] >> stations[to].In & 1) == 0) continue;
                        if (to == start && best[from] >= 0) return false;
                        next[to] = Math.Max(next[to], best[from] + stations[to].Gain);
                    }
                }
                best = next;
            }
        }
        return true;
    }

    private string State(long[] values, int[] rank)
    {
        List<string> parts = [];
        foreach ((int thread, Operation[] operations) in _program.Threads.Index())
        {
            foreach ((int place, Operation one) in operations.Index())
            {
                if (!one.Reads) continue;
                int read = Array.FindIndex(_events, e => e.Thread == thread && e.Place == place && e.Kind == 'R');
                parts.Add(string.Create(CultureInfo.InvariantCulture,
                    $"{thread}:r{place}={(read < 0 ? 0 : values[read])};"));
            }
        }
        for (int word = 0; word < _program.Words; word++)
        {
            int last = -1;
            for (int e = 0; e < _n; e++)
            {
                if (_events[e].Kind == 'W' && _events[e].Word == word && (last < 0 || rank[e] > rank[last])) last = e;
            }
            parts.Add(string.Create(CultureInfo.InvariantCulture,
                $"[{_program.Names[word]}]={(last < 0 ? 0 : values[last])};"));
        }
        return string.Join(' ', parts);
    }
}
