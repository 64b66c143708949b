using System.Globalization;
using System.Text.RegularExpressions;

namespace Lab.Tests.Explorer.Litmus;

/// <summary>A <see cref="Shape"/> as a program that <see cref="BruteForce"/> enumerates: what can be said without pointers, and
/// with one operation, or none, under an <c>if</c>.</summary>
internal sealed partial class ShapeProgram
{
    private readonly Dictionary<string, int>[] _places;
    private readonly string _names;

    private ShapeProgram(string names, string[] threads)
    {
        _names = names;
        _places = [.. threads.Select(_ => new Dictionary<string, int>())];
        Program = new RandomProgram(names, [.. threads.Select((thread, number) => thread
            .Split(';', StringSplitOptions.TrimEntries).Select((text, place) => Read(text, number, place)).ToArray())]);
    }

    internal RandomProgram Program { get; }

    /// <summary>The program, or null if it cannot be said.</summary>
    internal static ShapeProgram? Of(string threads)
    {
        string names = new([.. Word().Matches(threads).Select(match => match.Value[0]).Distinct().Order()]);
        try
        {
            return new ShapeProgram(names, threads.Split("||"));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Whether a condition of places joined by <c>/\</c> holds in a state as <see cref="BruteForce"/> has it.</summary>
    internal bool Holds(string condition, string state) => condition.Split(@"/\").All(part =>
    {
        string[] sides = part.Trim().Split('=');
        string place = sides[0].Contains(':', StringComparison.Ordinal)
            ? $"{sides[0][0]}:r{_places[sides[0][0] - '0'][sides[0][2..]]}" : $"[{sides[0]}]";
        return state.Contains($"{place}={sides[1]};", StringComparison.Ordinal);
    });

    private Operation Read(string text, int thread, int place)
    {
        if (text.StartsWith('?'))
        {
            Match guarded = Guarded().Match(text);
            if (!guarded.Success) throw new FormatException(text);
            (string register, string sign, string number) =
                (guarded.Groups[1].Value, guarded.Groups[2].Value, guarded.Groups[3].Value);
            long bound = sign.Length == 0 ? 0 : Number(number);
            Operation inner = Read(guarded.Groups[4].Value, thread, place);
            if (inner.On >= 0) throw new FormatException(text);
            return inner with
            {
                On = PlaceOf(thread, register),
                How = 'c',
                If = sign switch
                {
                    ">=" when bound == 0 => null,
                    "" => value => value != 0,
                    ">" => value => value > bound,
                    "==" => value => value == bound,
                    _ => throw new FormatException(text),
                },
            };
        }
        return Bare(text) ?? Modification(text, thread, place) ?? Access(text, thread, place) ?? throw new FormatException(text);
    }

    private Operation? Bare(string text) => text switch
    {
        "lock" => new(Doing.Lock, _names.Length, 1, "_acquire", -1, ' '),
        "unlock" => new(Doing.Unlock, _names.Length, 0, "_release", -1, ' '),
        "mb" or "wmb" or "rmb" => new(Doing.Fence, -1, 0, "", -1, ' ', $"smp_{text}"),
        "sync" => new(Doing.Fence, -1, 0, "", -1, ' ', "synchronize_rcu"),
        "rlock" => new(Doing.Fence, -1, 0, "", -1, ' ', "rcu_read_lock"),
        "runlock" => new(Doing.Fence, -1, 0, "", -1, ' ', "rcu_read_unlock"),
        _ when text.StartsWith("f:", StringComparison.Ordinal) => new(Doing.Fence, -1, 0, OrderOf(text[2..]), -1, ' ', C11.Fence),
        _ => null,
    };

    private Operation? Modification(string text, int thread, int place)
    {
        Match blind = Blind().Match(text);
        if (blind.Success) return new(Doing.Increment, WordOf(blind.Groups[1].Value), 1, "", -1, ' ');
        Match of = Modifying().Match(text);
        if (!of.Success) return null;
        _places[thread][of.Groups[1].Value] = place;
        (string how, string order, string failed) = (of.Groups[2].Value, of.Groups[3].Value, of.Groups[4].Value);
        string[] operands = of.Groups[5].Value.Split(',', StringSplitOptions.TrimEntries);
        bool isC11 = order.StartsWith(':');
        string said = isC11 ? OrderOf(order[1..]) : order.Length > 0 ? order : "full";
        Doing what = how switch
        {
            "xchg" => Doing.Exchange,
            "cas" or "cmpxchg" => Doing.CompareExchange,
            _ => Doing.Add,
        };
        int word = WordOf(what == Doing.Add && !isC11 ? operands[1] : operands[0]);
        int value = what == Doing.Add ? 1 : Number(operands[^1]);
        bool isSayable = what switch
        {
            Doing.Add => (isC11 ? operands[1] : operands[0]) == "1",
            Doing.CompareExchange => Number(operands[1]) == value - 1,
            _ => true,
        };
        if (!isSayable) throw new FormatException(text);
        return new Operation(what, word, value, said, -1, ' ') { Failed = failed.Length > 0 ? OrderOf(failed[1..]) : "failed" };
    }

    private Operation? Access(string text, int thread, int place)
    {
        Match access = Accessing().Match(text);
        if (!access.Success) return null;
        (string to, string onTo, string order, string sign, string from) = (access.Groups[1].Value, access.Groups[2].Value,
            access.Groups[3].Value, access.Groups[4].Value, access.Groups[5].Value);
        bool isLoad = to[0] == 'r';
        string said = order.Length > 0 ? OrderOf(order[1..]) : sign == "=" ? "" : isLoad ? "_acquire" : "_release";
        if (isLoad)
        {
            string[] parts = from.Split('@');
            int on = parts.Length > 1 ? PlaceOf(thread, parts[1]) : -1;
            _places[thread][to] = place;
            return new(Doing.Load, WordOf(parts[0]), 0, said, on, 'a');
        }
        Match computed = Computed().Match(from);
        if (onTo.Length > 0) return new(Doing.Store, WordOf(to), Number(from), said, PlaceOf(thread, onTo), 'a');
        if (computed.Success)
        {
            return new(Doing.Store, WordOf(to), Number(computed.Groups[2].Value), said,
                PlaceOf(thread, computed.Groups[1].Value), 'd');
        }
        return from[0] == 'r' ? new(Doing.Store, WordOf(to), 0, said, PlaceOf(thread, from), 'v')
            : new(Doing.Store, WordOf(to), Number(from), said, -1, ' ');
    }

    private static string OrderOf(string name) =>
        Shape.OrdersOfC11.TryGetValue(name, out string? order) ? order : throw new FormatException(name);

    private int PlaceOf(int thread, string register) =>
        _places[thread].TryGetValue(register, out int place) ? place : throw new FormatException(register);

    private int WordOf(string name) => name.Length == 1 && _names.Contains(name[0], StringComparison.Ordinal)
        ? _names.IndexOf(name[0], StringComparison.Ordinal) : throw new FormatException(name);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Words are single letters other than r, f and s: registers, fences and the lock.</summary>
    [GeneratedRegex(@"(?<![\w:])[a-eg-qt-z]\b(?!\()")]
    private static partial Regex Word();

    [GeneratedRegex(@"^\?(r\d)(?:(>=|>|==)(\d+))? ([^{].*)$")]
    private static partial Regex Guarded();

    [GeneratedRegex(@"^atomic_inc\((\w)\)$")]
    private static partial Regex Blind();

    [GeneratedRegex(@"^(r\d)=(xchg|cmpxchg|atomic_fetch_add|fadd|cas)(_\w+|:\w+)?(:\w+)?\(([^()]*)\)$")]
    private static partial Regex Modifying();

    [GeneratedRegex(@"^([a-z]\d?)(?:@(r\d))?(:[a-z]+)?(:?=)([\w@&()+]+)$")]
    private static partial Regex Accessing();

    [GeneratedRegex(@"^\((r\d)&0\)\+(\d+)$")]
    private static partial Regex Computed();
}
