using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lab.Tests.Fuzz;

/// <summary>Spoils a good input in one or a few places. Equal seeds spoil equally.</summary>
internal sealed class Spoiler(int seed)
{
    private static readonly string[] Cells =
    [
        "-1", "", "0", "-0.5", "1e23", "1e400", "NaN", "Infinity", "-Infinity", "2147483648", "-2147483649",
        "9223372036854775808", "99999999999999999999", "٣", "１２", "1,5", "0x10", "1e-300", " ", "abc", "\"", "\"\"",
        "\u001b[31m", "=1+1", "null", "1 000", "1_000", "+1", "-", "..", "\uFEFF1", "true", "0.1", "100000000000000000000000",
        "furlong", "count", "update", "1", "2", "3", "1000000", "mainline",
    ];

    private static readonly string[] Values =
    [
        "null", "[]", "{}", "[null]", "[[]]", "-1", "2147483648", "-9223372036854775809", "1e23", "1e999", "0.5", "\"\"", "\"x\"",
        "\"\\u0000\"", "\"half\"", "true", "false", "\"-1\"", "\"NaN\"", "[1]", "\"9999-99-99\"",
        "\"9999-01-01T00:00:00Z\"", "\"2020-01-01T00:00:00Z\"", "0", "1", "\"complete\"", "\"partial\"",
        "{\"a\":null}", "99",
    ];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly Random _random = new(seed);

    internal int Next(int below) => _random.Next(below);

    internal T One<T>(IReadOnlyList<T> of) => of[_random.Next(of.Count)];

    internal string Cell() => One(Cells);

    /// <summary>Bytes changed, dropped, doubled or cut off.</summary>
    internal byte[] Bytes(byte[] good)
    {
        List<byte> bytes = [.. good];
        for (int edit = 1 + Next(3); edit > 0 && bytes.Count > 0; edit--)
        {
            int place = Next(bytes.Count), length = Math.Min(1 + Next(20), bytes.Count - place);
            switch (Next(6))
            {
                case 0: bytes[place] = (byte)Next(256); break;
                case 1: bytes.RemoveRange(place, length); break;
                case 2: bytes.InsertRange(place, bytes.GetRange(place, length)); break;
                case 3: bytes[place] ^= (byte)(1 << Next(8)); break;
                case 4: bytes.RemoveRange(place, bytes.Count - place); break;
                default: bytes.InsertRange(place, Encoding.UTF8.GetBytes(Cell())); break;
            }
        }
        return [.. bytes];
    }

    /// <summary>Cells of rows replaced or swapped, rows dropped or doubled, or bytes spoilt.</summary>
    internal byte[] Csv(byte[] good)
    {
        if (Next(5) == 0) return Bytes(good);
        List<string> lines = [.. Encoding.UTF8.GetString(good).Split('\n')];
        for (int edit = 1 + (Next(4) / 3); edit > 0; edit--)
        {
            int row = Next(Math.Max(1, lines.Count - 1));
            string[] cells = lines[row].Split(',');
            int column = Next(cells.Length);
            switch (Next(8))
            {
                case 0: lines.RemoveAt(row); break;
                case 1: lines.Insert(row, lines[row]); break;
                case 2: cells[column] = cells[Next(cells.Length)]; break;
                default: cells[column] = Cell(); break;
            }
            if (row < lines.Count && cells.Length > 1) lines[row] = string.Join(',', cells);
        }
        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    /// <summary>Keys renamed, dropped or added, values replaced, elements doubled, or bytes spoilt.</summary>
    internal byte[] Json(byte[] good)
    {
        if (Next(5) == 0) return Bytes(good);
        JsonNode root = JsonNode.Parse(good)!;
        for (int edit = 1 + (Next(4) / 3); edit > 0; edit--)
        {
            JsonNode[] places = [.. Containers(root)];
            if (places.Length == 0) break;
            switch (One(places))
            {
                case JsonObject fields when fields.Count > 0:
                    Spoil(fields, One(fields.Select(field => field.Key).ToList()));
                    break;
                case JsonArray items when items.Count > 0:
                    int at = Next(items.Count);
                    if (Next(3) == 0) items.Add(items[at]?.DeepClone());
                    else items[at] = Value();
                    break;
                default: break;
            }
        }
        // Half a surrogate, which no serializer writes.
        string text = JsonSerializer.Serialize(root, Indented);
        return Encoding.UTF8.GetBytes(text.Replace("\"half\"", "\"\\ud800\"", StringComparison.Ordinal));
    }

    /// <summary>A word of a command line replaced, or a few of its letters.</summary>
    internal string Word(string good) => Next(3) switch
    {
        0 => Cell(),
        1 => good.Insert(Next(good.Length + 1), Cell()),
        _ => Encoding.UTF8.GetString(Bytes(Encoding.UTF8.GetBytes(good))),
    };

    private void Spoil(JsonObject fields, string key)
    {
        switch (Next(6))
        {
            case 0: fields.Remove(key); break;
            case 1:
                JsonNode? value = fields[key]?.DeepClone();
                fields.Remove(key);
                fields[key + "x"] = value;
                break;
            default: fields[key] = Value(); break;
        }
    }

    private JsonNode? Value()
    {
        try
        {
            return JsonNode.Parse(One(Values));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<JsonNode> Containers(JsonNode? node)
    {
        if (node is JsonObject or JsonArray) yield return node;
        IEnumerable<JsonNode?> inner = node switch
        {
            JsonObject fields => fields.Select(field => field.Value),
            JsonArray items => items,
            _ => [],
        };
        foreach (JsonNode one in inner.SelectMany(Containers)) yield return one;
    }
}
