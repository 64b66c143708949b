using System.Text.RegularExpressions;

namespace Lab.Tests.Explorer.Litmus;

/// <summary>Litmus tests in a short form, made into the kernel's C. Threads are separated by <c>||</c>, operations by <c>;</c>:
/// <c>x=1</c> and <c>r1=x</c> are once, <c>x:=1</c> release, <c>r1:=x</c> acquire, <c>r2=x@r1</c> has an address that depends on
/// r1, <c>r2=*r1</c> follows a pointer, <c>?r1&gt;=0 y=1</c> is in an <c>if</c>. Of C11: <c>x:rlx=1</c>, <c>r1:sc=x</c>,
/// <c>f:ar</c>, <c>r1=fadd:rel(x,1)</c>, <c>r1=xchg:ar(x,1)</c>, <c>r1=cas:acq:rlx(x,0,1)</c>, whose register has what it
/// found. Other operations are C as it is.</summary>
internal static partial class Shape
{
    private static readonly Dictionary<string, string> Words = new()
    {
        ["mb"] = "smp_mb()", ["wmb"] = "smp_wmb()", ["rmb"] = "smp_rmb()", ["lock"] = "spin_lock(s)",
        ["unlock"] = "spin_unlock(s)",
        ["rlock"] = "rcu_read_lock()", ["runlock"] = "rcu_read_unlock()", ["sync"] = "synchronize_rcu()",
    };

    internal static readonly IReadOnlyDictionary<string, string> OrdersOfC11 = new Dictionary<string, string>
    {
        ["rlx"] = C11.Relaxed, ["acq"] = C11.Acquire, ["rel"] = C11.Release, ["ar"] = C11.Both, ["sc"] = C11.Sequential,
    };

    internal static string Text(string name, string threads, string condition, string initial = "")
    {
        string[] bodies = threads.Split("||");
        string spinLock = threads.Contains("lock", StringComparison.Ordinal) ? " s" : "";
        string words = string.Join(", ", Shared().Matches(threads + initial + spinLock).Select(match => match.Value).Distinct()
            .Select(word => $"int *{word}"));
        return $"C {name}\n{{ {initial} }}\n" + string.Concat(bodies.Select((body, thread) =>
            $"P{thread}({words})\n{{\n{string.Concat(body.Split(';').Select(one => $"    {Statement(one.Trim())}\n"))}}}\n"))
            + $"{(condition.Contains('(', StringComparison.Ordinal) ? condition : $"exists ({condition})")}\n";
    }

    private static string Statement(string text)
    {
        if (text.StartsWith('?'))
        {
            int end = text.IndexOf(' ', StringComparison.Ordinal);
            string[] inner = text[(end + 1)..].Trim('{', '}').Split(',');
            return $"if ({text[1..end]}) {{ {string.Join(' ', inner.Select(one => Statement(one.Trim())))} }}";
        }
        if (Words.TryGetValue(text, out string? word)) return word + ";";
        if (text.StartsWith("f:", StringComparison.Ordinal)) return $"{C11.Fence}({OrdersOfC11[text[2..]]});";
        Match atomic = Atomic().Match(text);
        if (atomic.Success) return StatementOfC11([.. atomic.Groups.Values.Select(group => group.Value)]);
        Match access = Access().Match(text);
        if (!access.Success || Called().IsMatch(text)) return text + ";";
        (string to, string toDependency, string sign, string from) =
            (access.Groups[1].Value, access.Groups[2].Value, access.Groups[3].Value, access.Groups[4].Value);
        if (sign is not ("=" or ":="))
        {
            string order = OrdersOfC11[sign[1..^1]];
            return to[0] == 'r' ? $"int {to} = atomic_load_explicit({from}, {order});"
                : $"atomic_store_explicit({to}, {from}, {order});";
        }
        if (to[0] != 'r')
        {
            string place = toDependency.Length > 0 ? $"({to} + ({toDependency} & 0))" : to;
            return sign == "=" ? $"WRITE_ONCE(*{place}, {from});" : $"smp_store_release({place}, {from});";
        }
        string[] parts = from.TrimStart('*').Split('@');
        string source = parts.Length > 1 ? $"({parts[0]} + ({parts[1]} & 0))" : parts[0];
        return sign == "=" ? $"int {to} = READ_ONCE(*{source});" : $"int {to} = smp_load_acquire({source});";
    }

    /// <param name="of">As matched: register, what, order, order of a failed comparison, operands.</param>
    private static string StatementOfC11(string[] of)
    {
        string[] operands = of[5].Split(',');
        string order = OrdersOfC11[of[3]];
        return of[2] switch
        {
            "fadd" => $"int {of[1]} = atomic_fetch_add_explicit({of[5]}, {order});",
            "xchg" => $"int {of[1]} = atomic_exchange_explicit({of[5]}, {order});",
            _ => $"int {of[1]} = {operands[1]}; atomic_compare_exchange_strong_explicit({operands[0]}, &{of[1]}, {operands[2]}, "
                + $"{order}, {OrdersOfC11[of[4]]});",
        };
    }

    /// <summary>Words are single letters other than r, which begins registers; "f:" is a fence of C11.</summary>
    [GeneratedRegex(@"\b(?!f:)[a-qs-z]\b")]
    private static partial Regex Shared();

    [GeneratedRegex(@"^(r\d)=(fadd|xchg|cas):(\w+)(?::(\w+))?\(([^()]*)\)$")]
    private static partial Regex Atomic();

    [GeneratedRegex(@"[a-z_]{2,}\(")]
    private static partial Regex Called();

    [GeneratedRegex(@"^([a-z]\d?)(?:@(\w+))?(:[a-z]*=|=)([^=].*)$")]
    private static partial Regex Access();
}
