using System.Globalization;

namespace Lab.Report.Documents;

/// <summary>What several documents say alike.</summary>
internal static class Told
{
    /// <summary>Who waits for an operation, by the first word of its metric's name; empty where nobody is known.</summary>
    internal static string Whose(string metric) => metric.Split('.')[0] switch
    {
        "update" or "create" or "flags" or "destroy" or "toggle" => "the updater",
        "fault" or "reload" or "put" or "access" or "refault" or "warm" or "touch" => "a vCPU",
        "unmap" or "age" or "start" or "end" or "pair" => "the host",
        "collect" or "recover" => "the worker",
        _ => "",
    };

    /// <summary>Likewise, to stand behind the name.</summary>
    internal static string Of(string metric, string quantile = "p50") =>
        Whose(metric) is { Length: > 0 } whose ? $"{metric} {quantile} ({whose} waits)" : $"{metric} {quantile}";

    internal static string Ratio(double ratio) => ratio.ToString(ratio < 10 ? "0.00" : "0.0", CultureInfo.InvariantCulture) + "×";

    internal static string Capital(string sentence) => $"{char.ToUpperInvariant(sentence[0])}{sentence[1..]}";

    internal static string Day(DateTimeOffset time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    internal static string Minute(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>A path from here if it lies below, so that what names it can be passed on.</summary>
    internal static string ShortPath(string path) =>
        Path.GetRelativePath(Directory.GetCurrentDirectory(), path) is var relative
            && !relative.StartsWith("..", StringComparison.Ordinal) ? relative : path;
}
