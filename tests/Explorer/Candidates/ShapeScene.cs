using System.Globalization;
using System.Text.RegularExpressions;
using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Tests.Explorer.Candidates;

/// <summary>A litmus test in the short form of <see cref="Litmus.Shape"/>, as code that runs: loads are tracked, so that it has
/// the dependencies of the text. What it observes is what a state of the text is, item by item in order.</summary>
internal sealed partial class ShapeScene
{
    private readonly string[] _bodies;
    private readonly string _initial;
    private readonly string[] _words;
    private readonly bool _isTracked;

    /// <param name="threads">As a shape has them.</param>
    /// <param name="initial">What words hold at the start.</param>
    /// <param name="isTracked">Loads return values that remember where they come from.</param>
    internal ShapeScene(string threads, string initial = "", bool isTracked = true)
    {
        (_bodies, _initial, _isTracked) = (threads.Split("||"), initial, isTracked);
        _words = [.. Word().Matches(threads + initial).Select(match => match.Value).Distinct()
            .Where(word => word != "s").Order(StringComparer.Ordinal)];
    }

    /// <summary>Code has no barriers around atomics and no spin_is_locked.</summary>
    internal static bool Exists(string threads) => !Unknown().IsMatch(threads);

    /// <summary>What the text is to be asked so that its states are these outcomes.</summary>
    internal string Question => $"locations [{string.Concat(_bodies.SelectMany((body, thread) => Registers(body)
        .Select(register => $"{thread}:{register}; ")))}{string.Concat(_words.Select(word => word + "; "))}] exists (true)";

    /// <summary>The items of a state in the order of outcomes.</summary>
    internal static string Ordered(string state) => string.Join(' ', state.Split(';',
        StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal));

    internal Action<Scene> Program => scene =>
    {
        Dictionary<string, string> initial = _initial.Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(one => one.Trim().Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        Dictionary<string, Word> words = [];
        // A word that points to another is declared after it.
        foreach (string word in _words.OrderBy(Depth)) words[word] = scene.Word(word, Initial(word));
        TicketLock spinLock = new("s");
        Rcu rcu = new("rcu");
        Dictionary<string, ulong>[] registers = [.. _bodies.Select(_ => new Dictionary<string, ulong>())];
        foreach ((int thread, string body) in _bodies.Index())
        {
            string[] statements = [.. body.Split(';').Select(one => one.Trim())];
            scene.Thread($"P{thread}", machine =>
            {
                Running running = new(machine, words, spinLock, rcu, _isTracked);
                foreach (string register in Registers(body)) registers[thread][register] = 0;
                foreach (string statement in statements) running.Do(statement, registers[thread]);
            });
        }
        scene.Outcome(() => string.Join(' ', registers.SelectMany((own, thread) =>
                own.Select(one => $"{thread}:{one.Key}={Told(one.Value)}"))
            .Concat(words.Select(word => $"[{word.Key}]={Told(word.Value.Value)}")).Order(StringComparer.Ordinal)));

        int Depth(string word) =>
            initial.TryGetValue(word, out string? value) && !char.IsDigit(value[0]) ? 1 + Depth(value) : 0;
        ulong Initial(string word) => !initial.TryGetValue(word, out string? value) ? 0
            : char.IsDigit(value[0]) ? ulong.Parse(value, CultureInfo.InvariantCulture) : words[value].Pointer;
        string Told(ulong value) => words.FirstOrDefault(word => word.Value.Pointer == value).Key
            ?? value.ToString(CultureInfo.InvariantCulture);
    };

    private static IEnumerable<string> Registers(string body) => Register().Matches(body).Select(match => match.Value).Distinct();

    /// <summary>Runs statements. Registers are kept as they are, and written down bare for the outcome.</summary>
    private sealed class Running(
        Explored machine, Dictionary<string, Word> words, TicketLock spinLock, Rcu rcu, bool isTracked)
    {
        private readonly Dictionary<string, TrackedValue> _registers = [];

        internal void Do(string statement, Dictionary<string, ulong> seen)
        {
            if (statement.StartsWith('?'))
            {
                int end = statement.IndexOf(' ', StringComparison.Ordinal);
                Match condition = Condition().Match(statement[1..end]);
                TrackedValue against = condition.Groups[3].Value is { Length: > 0 } text ? ValueOf(text) : 0UL;
                TrackedValue left = _registers[condition.Groups[1].Value];
                bool holds = condition.Groups[2].Value switch
                {
                    ">=" => left >= against,
                    "==" => left == against,
                    _ => left != 0UL,
                };
                if (!holds) return;
                foreach (string one in statement[(end + 1)..].Trim('{', '}').Split(',')) Do(one.Trim(), seen);
                return;
            }
            switch (statement)
            {
                case "mb":
                    machine.FullFence();
                    return;
                case "wmb":
                    machine.StoreFence();
                    return;
                case "rmb":
                    machine.LoadFence();
                    return;
                case "lock":
                    machine.Enter(spinLock);
                    return;
                case "unlock":
                    machine.Exit(spinLock);
                    return;
                case "rlock":
                    machine.EnterRcu(rcu);
                    return;
                case "runlock":
                    machine.ExitRcu(rcu);
                    return;
                case "sync" or "synchronize_rcu()":
                    machine.Synchronize(rcu);
                    return;
            }
            Match assign = Assign().Match(statement);
            if (assign.Success)
            {
                ref ulong pointer = ref words[assign.Groups[1].Value].Value;
                machine.StoreTracked(ref pointer, ValueOf(assign.Groups[2].Value), AccessOrder.Release);
                return;
            }
            Match access = Access().Match(statement);
            (string to, string through, string sign, string from) =
                (access.Groups[1].Value, access.Groups[2].Value, access.Groups[3].Value, access.Groups[4].Value);
            AccessOrder order = sign == "=" ? AccessOrder.Relaxed : AccessOrder.Release;
            if (to[0] != 'r')
            {
                if (through.Length > 0) machine.StoreTracked(Address(to, through), ValueOf(from), order);
                else machine.StoreTracked(ref words[to].Value, ValueOf(from), order);
                return;
            }
            TrackedValue value = Loaded(from, isAcquire: sign == ":=");
            _registers[to] = value;
            seen[to] = Bare(value);
        }

        private TrackedValue Loaded(string from, bool isAcquire)
        {
            if (Called().Match(from) is { Success: true } call) return Modified(call);
            if (Dereferenced().Match(from) is { Success: true } marked) from = marked.Groups[1].Value;
            else if (from[0] == '*') return machine.LoadTracked(_registers[from[1..]]);
            string[] parts = from.Split('@');
            if (parts.Length > 1) return machine.LoadTracked(Address(parts[0], parts[1]));
            if (!words.TryGetValue(from, out Word? word)) return machine.LoadTracked(_registers[from]);
            return isAcquire ? machine.Load(ref word.Value)
                : isTracked ? machine.LoadTracked(ref word.Value) : machine.LoadRelaxed(ref word.Value);
        }

        private ulong Modified(Match call)
        {
            string[] arguments = call.Groups[3].Value.Split(',');
            AccessOrder order = call.Groups[2].Value switch
            {
                "_acquire" => AccessOrder.Acquire,
                "_release" => AccessOrder.Release,
                "_relaxed" => AccessOrder.Relaxed,
                _ => AccessOrder.Full,
            };
            ulong Number(int index) => ulong.Parse(arguments[index], CultureInfo.InvariantCulture);
            switch (call.Groups[1].Value)
            {
                case "xchg":
                    return machine.Exchange(ref words[arguments[0]].Value, Number(1), order);
                case "cmpxchg":
                    return machine.CompareExchange(ref words[arguments[0]].Value, Number(2), Number(1), order);
                default:
                    return machine.Add(ref words[arguments[1].Trim()].Value, Number(0), order) - Number(0);
            }
        }

        private TrackedValue Address(string word, string register) => words[word].Pointer + (_registers[register] & 0UL);

        private TrackedValue ValueOf(string text)
        {
            if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)) return number;
            if (words.TryGetValue(text, out Word? word)) return word.Pointer;
            Match dependent = Dependent().Match(text);
            if (!dependent.Success) return _registers[text];
            ulong constant = ulong.Parse(dependent.Groups[2].Value, CultureInfo.InvariantCulture);
            return (_registers[dependent.Groups[1].Value] & 0UL) + constant;
        }

        /// <summary>For the test's eyes only: nothing depends on it.</summary>
        private static ulong Bare(TrackedValue value)
        {
            ulong bare = 0;
            value.Select(own => bare = own);
            return bare;
        }
    }

    [GeneratedRegex(@"\b[a-qs-z]\b")]
    private static partial Regex Word();

    [GeneratedRegex(@"\br\d\b(?==|:=)")]
    private static partial Regex Register();

    [GeneratedRegex(@"smp_mb__|spin_is|add_unless")]
    private static partial Regex Unknown();

    [GeneratedRegex(@"^(r\d)(>=|==)?(\w*)$")]
    private static partial Regex Condition();

    [GeneratedRegex(@"^rcu_assign_pointer\(\*(\w), (\w)\)$")]
    private static partial Regex Assign();

    [GeneratedRegex(@"^rcu_dereference\(\*(\w+)\)$")]
    private static partial Regex Dereferenced();

    [GeneratedRegex(@"^(xchg|cmpxchg|atomic_fetch_add)(_\w+)?\((.*)\)$")]
    private static partial Regex Called();

    [GeneratedRegex(@"^\((r\d)&0\)\+(\d)$")]
    private static partial Regex Dependent();

    [GeneratedRegex(@"^([a-z]\d?)(?:@(\w+))?(:?=)([^=].*)$")]
    private static partial Regex Access();
}
