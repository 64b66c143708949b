using System.Globalization;
using System.Numerics;
using Lab.Explorer;

namespace Lab.Tests.Explorer.Litmus;

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
    private E[] _events = [];
    private int _n;

    private BruteForce(RandomProgram program, MemoryModel[] models)
    {
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
            int compares = program.Threads.Sum(thread => thread.Count(o => o.What == Doing.CompareExchange));
            for (int successes = 0; successes < 1 << compares; successes++) one.Enumerate(successes);
            foreach ((int index, MemoryModel model) in models.Index()) all[model] = one._states[index];
        }
        return all;
    }

    private void Enumerate(int successes)
    {
        List<E> events = [];
        int compare = 0;
        for (int thread = 0; thread < _program.Threads.Length; thread++)
        {
            Dictionary<int, int> reads = [];
            foreach ((int place, Operation one) in _program.Threads[thread].Index())
            {
                int[] On(char how) => one.On >= 0 && (one.How == how || (how == 'd' && one.How == 'v')) ? [reads[one.On]] : [];
                void Add(char kind, string tag, int readPart = -1) => events.Add(
                    new E(thread, place, kind, one.Word, tag, one, readPart, On('a'), kind == 'W' ? On('d') : [], On('c')));
                if (one.What == Doing.Fence) Add('F', one.Fence);
                if (one.What is Doing.Store or Doing.Unlock) Add('W', one.Order);
                if (one.What == Doing.Load)
                {
                    reads[place] = events.Count;
                    Add('R', one.Order);
                }
                bool isModification =
                    one.What is Doing.Exchange or Doing.CompareExchange or Doing.Add or Doing.Increment or Doing.Lock;
                if (!isModification) continue;
                bool succeeds = one.What != Doing.CompareExchange || (successes >> compare++ & 1) != 0;
                bool isFenced = _fencesModifications && succeeds && one.Order == "full";
                if (isFenced) Add('F', "smp_mb");
                reads[place] = events.Count;
                Add('R', succeeds ? one.Order : "failed");
                if (succeeds) Add('W', one.Order, reads[place]);
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
            if ((compare.Tag != "failed") != (values[e] == compare.Of.Value - 1)) return null;
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
            Rel acquire = Set(e => e is { Kind: 'R', Tag: "_acquire" }), release = Set(e => e is { Kind: 'W', Tag: "_release" });
            Rel fullRead = Set(e => e is { Kind: 'R', Tag: "full" }), fullWrite = Set(e => e is { Kind: 'W', Tag: "full" });
            Rel before = F("smp_mb__before_atomic"), after = F("smp_mb__after_atomic"), mb = F("smp_mb");
            Rel sync = F("synchronize_rcu");
            Rel heavy = mb | before | after | sync;
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
                        | (write * ((po * atomic) | (atomic * po)) * read) | rfe | co | fr;
                    return (kept | (access * po * heavy * po * access) | locked | rfe | co | fr).IsAcyclic
                        && ObeysRcu(po.Opt * everywhere.Star * po);
                case MemoryModel.Ra:
                    Rel happens = (po | rf).Plus;
                    return happens.IsIrreflexive && (happens * eco).IsIrreflexive;
                case MemoryModel.Rc11:
                {
                    Rel sequence = write * (po & loc).Opt * write * (rf * rmw).Star;
                    Rel fence = Set(e => e.Kind == 'F');
                    Rel releases = release | fullWrite | heavy | F("smp_wmb");
                    Rel acquires = acquire | fullRead | heavy | F("smp_rmb");
                    Rel sw = releases * ((fence * po) | access) * sequence * rf * read * ((po * fence) | access) * acquires;
                    Rel hb = (po | sw).Plus;
                    Rel away = po - loc;
                    Rel scb = po | (away * hb * away) | (hb & loc) | co | fr;
                    Rel psc = (heavy * hb.Opt * scb * hb.Opt * heavy) | (heavy * (hb | (hb * eco * hb)) * heavy);
                    return (po | rf).IsAcyclic && hb.IsIrreflexive && (hb * eco).IsIrreflexive && (rmw * eco).IsIrreflexive
                        && psc.IsAcyclic;
                }
                case MemoryModel.Arm or MemoryModel.ArmLdapr:
                {
                    Rel a = acquire | fullRead;
                    Rel strong = model == MemoryModel.Arm ? a : a * atomic;
                    Rel l = release | fullWrite;
                    Rel ownReads = Between((w, r) => IsWrite(w) && _events[r].Kind == 'R' && Same(w, r)
                        && _events[w].Thread == _events[r].Thread && w < r
                        && !Enumerable.Range(w + 1, r - w - 1).Any(m => IsWrite(m) && Same(w, m)));
                    Rel notBlind = Set(e => e.Kind == 'R' && e.Of.What != Doing.Increment);
                    Rel dob = addr | data | (ctrl * write) | (addr * po * write) | ((addr | data) * ownReads);
                    Rel ordered = (write * (po & loc)  * write) | (read * (po & loc) * write) | dob | rmw
                        | (Set(e => e.Kind == 'W' && e.ReadPart >= 0) * ownReads * a)
                        | (po * heavy * po) | (po * (strong * rmw * l) * po) | (l * po * strong)
                        | (notBlind * po * F("smp_rmb") * po) | (a * po) | (write * po * F("smp_wmb") * po * write) | (po * l);
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
        for (int e = 0; e < _n; e++)
        {
            E one = _events[e];
            if (one.Kind != 'R' || !one.Of.Reads) continue;
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{one.Thread}:r{one.Place}={values[e]};"));
        }
        for (int word = 0; word < _program.Words; word++)
        {
            int last = -1;
            for (int e = 0; e < _n; e++)
            {
                if (_events[e].Kind == 'W' && _events[e].Word == word && (last < 0 || rank[e] > rank[last])) last = e;
            }
            parts.Add(string.Create(CultureInfo.InvariantCulture,
                $"[{RandomProgram.Name(word)}]={(last < 0 ? 0 : values[last])};"));
        }
        return string.Join(' ', parts);
    }

    /// <summary>A relation of at most 63 events. <c>*</c> is composition.</summary>
    private readonly struct Rel(int count)
    {
        internal readonly ulong[] Rows = new ulong[count];

        public static Rel operator |(Rel a, Rel b) => Each(a, b, (one, other) => one | other);

        public static Rel operator &(Rel a, Rel b) => Each(a, b, (one, other) => one & other);

        public static Rel operator -(Rel a, Rel b) => Each(a, b, (one, other) => one & ~other);

        public static Rel operator *(Rel a, Rel b)
        {
            Rel r = new(a.Rows.Length);
            for (int from = 0; from < r.Rows.Length; from++)
            {
                for (ulong left = a.Rows[from]; left != 0; left &= left - 1)
                {
                    r.Rows[from] |= b.Rows[BitOperations.TrailingZeroCount(left)];
                }
            }
            return r;
        }

        internal Rel Inverse
        {
            get
            {
                Rel r = new(Rows.Length);
                for (int a = 0; a < Rows.Length; a++)
                {
                    for (int b = 0; b < Rows.Length; b++) if ((Rows[a] >> b & 1) != 0) r.Rows[b] |= 1UL << a;
                }
                return r;
            }
        }

        internal Rel Opt
        {
            get
            {
                Rel r = new(Rows.Length);
                for (int e = 0; e < Rows.Length; e++) r.Rows[e] = Rows[e] | 1UL << e;
                return r;
            }
        }

        /// <summary>By repeated squaring, to be another way than the engine's.</summary>
        internal Rel Plus
        {
            get
            {
                Rel now = this;
                while (true)
                {
                    Rel next = now | (now * now);
                    if (next.Rows.AsSpan().SequenceEqual(now.Rows)) return now;
                    now = next;
                }
            }
        }

        internal Rel Star => Plus.Opt;

        internal bool IsEmpty => !Rows.AsSpan().ContainsAnyExcept(0UL);

        internal bool IsIrreflexive
        {
            get
            {
                for (int e = 0; e < Rows.Length; e++) if ((Rows[e] >> e & 1) != 0) return false;
                return true;
            }
        }

        /// <summary>Takes away, again and again, what nothing leads on from.</summary>
        internal bool IsAcyclic
        {
            get
            {
                ulong left = (1UL << Rows.Length) - 1;
                while (left != 0)
                {
                    ulong stays = 0;
                    for (ulong rest = left; rest != 0; rest &= rest - 1)
                    {
                        int e = BitOperations.TrailingZeroCount(rest);
                        if ((Rows[e] & left) != 0) stays |= 1UL << e;
                    }
                    if (stays == left) return false;
                    left = stays;
                }
                return true;
            }
        }

        private static Rel Each(Rel a, Rel b, Func<ulong, ulong, ulong> f)
        {
            Rel r = new(a.Rows.Length);
            for (int e = 0; e < r.Rows.Length; e++) r.Rows[e] = f(a.Rows[e], b.Rows[e]);
            return r;
        }
    }
}
