using System.Globalization;
using System.Text.RegularExpressions;

namespace Lab.Explorer.Scenarios;

/// <summary>What stands in braces in a scenario: a sum of products of parameters and numbers, <c>{vcpus*2+1}</c>.</summary>
internal static partial class ScenarioExpression
{
    /// <summary>The number of the thread that a line is expanded for.</summary>
    public const string OwnNumber = "n";

    private const long ResultMax = 999;

    /// <summary>Replaces every expression by its number.</summary>
    /// <param name="text">A line.</param>
    /// <param name="values">Values by name.</param>
    /// <param name="keepOwn">Leaves expressions with <see cref="OwnNumber"/> as they are, for a later pass.</param>
    /// <param name="bad">Makes the exception for a problem.</param>
    public static string Substitute(
        string text, IReadOnlyDictionary<string, long> values, bool keepOwn, Func<string, Exception> bad)
    {
        string replaced = Braces().Replace(text, match =>
        {
            string expression = match.Groups[1].Value;
            if (keepOwn && Words().Matches(expression).Any(word => word.Value == OwnNumber)) return match.Value;
            long result = Evaluate(expression, values, bad);
            if (result is < 0 or > ResultMax) throw bad(
                $"expected a number from 0 to {ResultMax}, found {match.Value} = {result}");
            return result.ToString(CultureInfo.InvariantCulture);
        });
        if (!keepOwn && replaced.AsSpan().ContainsAny('{', '}')) throw bad($"expected braces in pairs, found '{text}'");
        return replaced;
    }

    private static long Evaluate(string text, IReadOnlyDictionary<string, long> values, Func<string, Exception> bad)
    {
        string compact = text.Replace(" ", "", StringComparison.Ordinal);
        if (!Form().IsMatch(compact)) throw bad(
            $"expected an expression such as {{vcpus-1}} or {{pages*2+1}}, found '{{{text}}}'");
        long sum = 0;
        foreach (Match term in Terms().Matches(compact))
        {
            long product = term.Value[0] == '-' ? -1 : 1;
            foreach (string factor in term.Value.TrimStart('+', '-').Split('*'))
            {
                product *= long.TryParse(factor, CultureInfo.InvariantCulture, out long number) ? number : Value(factor);
            }
            sum += product;
        }
        return sum;

        long Value(string name) => values.TryGetValue(name, out long value)
            ? value
            : throw bad("expected a parameter "
                + $"({(values.Count == 0 ? "none is declared above" : string.Join(", ", values.Keys))}), found '{name}'");
    }

    [GeneratedRegex(@"\{([^{}]*)\}")]
    private static partial Regex Braces();

    [GeneratedRegex("[a-z]+")]
    private static partial Regex Words();

    // Names have no '-' here, and at most four factors of three digits each: no overflow.
    [GeneratedRegex(@"^([a-z][a-z0-9]*|[0-9]{1,3})([-+*]([a-z][a-z0-9]*|[0-9]{1,3})){0,3}$")]
    private static partial Regex Form();

    [GeneratedRegex("[-+]?[^-+]+")]
    private static partial Regex Terms();
}
