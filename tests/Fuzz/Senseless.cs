using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Lab.Tests.Fuzz;

/// <summary>What no reader may take, found without the readers: so simply that it finds only what is plainly senseless.</summary>
internal static class Senseless
{
    private static readonly string[] Wholes = ["run", "count", "tagged", "low", "high"];

    private static readonly string[] Units = ["ns", "count", "1/s", "bytes", "pages", "roots", "number"];

    private static readonly string[] MayBeNegative = ["exit_code", "at_ns", "t_ns", "refcount", "raw"];

    private static readonly string[] Numbers =
        ["min", "mean", "stddev", "p50", "p90", "p99", "p99_9", "p99_99", "max", "rate_per_s", "length_ms"];

    /// <summary>Line and column of a number that cannot be, in a table that is otherwise whole; null if there is none.</summary>
    internal static (int Line, string Column)? InTable(byte[] csv)
    {
        string[] lines = Encoding.UTF8.GetString(csv).Split('\n');
        string[] header = lines[0].Split(',');
        for (int row = 1; row < lines.Length; row++)
        {
            string[] cells = lines[row].Split(',');
            if (cells.Length != header.Length || lines[row].Contains('"')) return null; // Refused for that, in that line.
            for (int column = 0; column < cells.Length; column++)
            {
                if (!CanBe(header[column], cells[column], Array.IndexOf(header, "count") is var at and >= 0 ? cells[at] : "0"))
                {
                    return (row + 1, header[column]);
                }
            }
        }
        return null;
    }

    /// <summary>A place of a JSON text at which there is what can stand nowhere in a file of ours; null if there is
    /// none.</summary>
    internal static string? InJson(byte[] json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return In(document.RootElement, "$", "");
        }
        catch (JsonException)
        {
            return "not JSON";
        }
    }

    private static bool CanBe(string column, string cell, string count)
    {
        if (column == "unit") return Units.Contains(cell);
        bool isNumber = double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
        if (Wholes.Contains(column)) return isNumber && value == Math.Floor(value) && value >= (column == "run" ? 1 : 0)
            && value < (column == "run" ? 2147483648.0 : 9.3e18);
        if (!Numbers.Contains(column)) return true;
        return cell.Length == 0 ? count == "0" && column != "length_ms" : isNumber && value is >= 0 and <= 1e19;
    }

    private static string? In(JsonElement element, string at, string name) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().Select(field => In(field.Value, $"{at}.{field.Name}", field.Name))
            .FirstOrDefault(found => found is not null),
        JsonValueKind.Array => element.EnumerateArray().Index()
            .Select(one => one.Item.ValueKind == JsonValueKind.Null && name != "raw" ? $"{at}[{one.Index}]"
                : In(one.Item, $"{at}[{one.Index}]", name)).FirstOrDefault(found => found is not null),
        JsonValueKind.Number when !MayBeNegative.Contains(name) && !(element.GetDouble() is >= 0 and <= 1.9e19) => at,
        _ => null,
    };
}
